import { readSync, writeSync } from "node:fs"
import { dieWithParent } from "@analytics/api-common/dieWithParent"
import type { Datatype, TensorSpec } from "@analytics/inference-protocol/Tensor"
import { InferenceSession, type OnnxValue, Tensor } from "onnxruntime-node"
import type { Signature } from "./Executors.ts"
import * as Frames from "./frames.ts"
import {
  datatypeOf,
  fromRuntime,
  hideFloat16Array,
  toRuntime
} from "./runtimeTensors.ts"

/**
 * One model in a process of its own: `executorMain.ts <path of the model>`. Frames come and
 * go over descriptor 3, so that what a model writes to stdout harms nothing. Reading blocks:
 * there is nothing else to do, and nothing is faster. No Effect here: a process starts in a
 * tenth of a second and is small.
 */
const channel = 3

const write = (frame: Uint8Array): void => {
  for (let at = 0; at < frame.byteLength; )
    at += writeSync(channel, frame, at, frame.byteLength - at)
}

const usualBytes = 64 * 1024
let received = Buffer.allocUnsafeSlow(usualBytes)

/** The next frame, in bytes that the one after it overwrites; none: the service is gone. */
const read = (): Uint8Array | undefined => {
  if (received.byteLength > 256 * usualBytes)
    received = Buffer.allocUnsafeSlow(usualBytes)
  let length = 0
  let wanted = Frames.headerBytes
  while (length < wanted) {
    const more = readSync(channel, received, length, received.byteLength - length, null)
    if (more === 0) return undefined
    length += more
    if (length < Frames.headerBytes) continue
    wanted = Frames.lengthOf(received)
    if (wanted > received.byteLength) {
      const larger = Buffer.allocUnsafeSlow(wanted)
      larger.set(received.subarray(0, length))
      received = larger
    }
  }
  return received.subarray(0, length)
}

/** Without paths, of this machine and of the one where the runtime was built. */
const explain = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .replace(/^Load model from .+? failed:/su, "")
    .replace(/\/onnxruntime_src\/\S+?:\d+ .*?(?:\) (?=[A-Z])|$)/su, "")
    .trim() || "the runtime says no more"

const specsOf = (
  metadata: ReadonlyArray<InferenceSession.ValueMetadata>,
  kind: string
): ReadonlyArray<TensorSpec> =>
  metadata.map((value) => {
    if (!value.isTensor)
      throw new Error(
        `${kind} "${value.name}" is no tensor; sequences, maps and optional values cannot be served`
      )
    const datatype: Datatype | undefined = datatypeOf.get(value.type)
    if (datatype === undefined)
      throw new Error(
        `${kind} "${value.name}" is of ${value.type}, which cannot be served`
      )
    const shape = value.shape.map((size) => (typeof size === "number" ? size : -1))
    return { name: value.name, datatype, shape }
  })

/** Numbers of the ONNX types that the runtime's binding does not know. */
const typeNames: Readonly<Record<string, string>> = {
  14: "COMPLEX64",
  15: "COMPLEX128",
  16: "BF16"
}

const load = async (path: string) => {
  const session = await InferenceSession.create(path, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    // Errors only: warnings of optimisation passes say nothing to the one who reads the log.
    logSeverityLevel: 3
  })
  const signature: Signature = {
    inputs: specsOf(session.inputMetadata, "input"),
    outputs: specsOf(session.outputMetadata, "output")
  }
  return { session, signature }
}

/** Where the file lies is nothing to those who sent it. */
const refusal = (error: unknown, path: string): string =>
  explain(error)
    .replaceAll(path, "the file")
    .replace(
      /^Unsupported data type: (\d+)$/u,
      (_, code: string) =>
        `an input or output is of ${typeNames[code] ?? `ONNX type ${code}`}, which cannot be served`
    )

const tensorOf = (name: string, value: OnnxValue | undefined): Tensor => {
  if (value instanceof Tensor) return value
  throw new Error(`output "${name}" came out as no tensor`)
}

const run = async (
  session: InferenceSession,
  frame: Uint8Array
): Promise<Uint8Array> => {
  const { tensors, wanted } = Frames.decodeTensors(frame)
  const feeds: Record<string, Tensor> = {}
  for (const tensor of tensors) feeds[tensor.name] = toRuntime(tensor)
  const names = wanted.length > 0 ? wanted : session.outputNames
  const startedAt = Bun.nanoseconds()
  const results = await session.run(feeds, names)
  const took = Bun.nanoseconds() - startedAt
  const outputs = names.map((name) => fromRuntime(name, tensorOf(name, results[name])))
  const bytes = outputs.reduce((all, it) => all + it.bytes.byteLength, 0)
  if (bytes > Frames.largestFrame / 2)
    throw new Error(
      `the outputs have ${bytes} bytes; at most ${Frames.largestFrame / 2} are sent`
    )
  return Frames.encodeOutputs(outputs, took)
}

const main = async (path: string): Promise<void> => {
  dieWithParent()
  hideFloat16Array()
  const loaded = await load(path).catch((error: unknown) => {
    write(Frames.encodeText(Frames.kinds.modelRefused, refusal(error, path)))
  })
  if (loaded === undefined) return
  const { session, signature } = loaded
  write(Frames.encodeText(Frames.kinds.loaded, JSON.stringify(signature)))
  for (let frame = read(); frame !== undefined; frame = read())
    write(
      await run(session, frame).catch((error: unknown) =>
        Frames.encodeText(Frames.kinds.runRefused, explain(error))
      )
    )
}

if (import.meta.main) {
  await main(process.argv[2] ?? "")
  process.exit(0)
}
