import type { OnnxNode, OnnxTensor } from "../../src/onnx/OnnxModel.ts"
import { floatTensor, int64Tensor } from "../../src/onnx/tensors.ts"
import { writeOnnx } from "../../src/onnx/writeOnnx.ts"
import { endlessModel, hungryModel, hungryToLoadModel } from "./models.ts"

const sizes = [2n ** 10n, 2n ** 24n, 2n ** 28n, 2n ** 33n, 2n ** 40n, 2n ** 62n]

/** A model that is right in every way, and makes a tensor of any size, or never ends. */
export const greedyFile = (below: (most: number) => number): Uint8Array => {
  const size = sizes[below(sizes.length)] ?? 1n
  const sized = (name: string, values: ReadonlyArray<bigint>) =>
    int64Tensor(name, [values.length], values)
  switch (below(9)) {
    case 0:
      return hungryModel(size)
    case 1:
      return hungryToLoadModel(size)
    case 2:
      return endlessModel(below(2) === 0 ? size : 2n ** 63n - 1n)
    case 3:
      return summed({ op: "Expand", inputs: ["x", "s"] }, [sized("s", [size, 1n, 2n])])
    case 4:
      return summed({ op: "Tile", inputs: ["x", "s"] }, [sized("s", [size, 1n])])
    case 5:
      return summed({ op: "Pad", inputs: ["x", "s"] }, [sized("s", [0n, 0n, size, 0n])])
    case 6:
      return summed({ op: "Range", inputs: ["zero", "s", "one"] }, [
        floatTensor("zero", [], [0]),
        floatTensor("one", [], [1]),
        floatTensor("s", [], [Number(size)])
      ])
    case 7:
      return summed(
        { op: "RandomNormal", inputs: [], attributes: { shape: { ints: [size, 2n] } } },
        []
      )
    default:
      return summed({ op: "OneHot", inputs: ["places", "s", "onOff"] }, [
        sized("places", [0n, 1n]),
        sized("s", [size]),
        floatTensor("onOff", [2], [0, 1])
      ])
  }
}

/** `y` is `x` and the sum of all that the node makes. */
const summed = (
  node: Omit<OnnxNode, "outputs">,
  initializers: ReadonlyArray<OnnxTensor>
): Uint8Array =>
  writeOnnx({
    irVersion: 10,
    opsets: { "": 21 },
    graph: {
      name: "greedy",
      nodes: [
        { ...node, outputs: ["much"] },
        {
          op: "ReduceSum",
          inputs: ["much"],
          outputs: ["sum"],
          attributes: { keepdims: { int: 0 } }
        },
        { op: "Add", inputs: ["x", "sum"], outputs: ["y"] }
      ],
      initializers,
      inputs: [{ name: "x", type: "float", shape: ["N", 2] }],
      outputs: [{ name: "y", type: "float", shape: ["N", 2] }]
    }
  })
