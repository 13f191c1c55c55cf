import { Result } from "effect"
import { InspectedConstants, product } from "./InspectedConstants.ts"
import { InspectedOperators } from "./InspectedOperators.ts"
import { type InspectedValue, type Inspection, OnnxUnreadable } from "./Inspection.ts"
import { inspectValue } from "./inspectValue.ts"
import { ProtoWalk, Unreadable } from "./ProtoWalk.ts"
import { attribute, functionProto, graph, model, node } from "./protoFields.ts"

/**
 * Reads what a file of ONNX says of itself, and runs nothing of it. Takes time linear in
 * the file, whatever is in it; never throws.
 */
export const inspectOnnx = (
  bytes: Uint8Array
): Result.Result<Inspection, OnnxUnreadable> => {
  const unreadable = (detail: string) => Result.fail(new OnnxUnreadable({ detail }))
  // The runtime takes such a file for its own format, whatever else is in it.
  if (String.fromCharCode(...bytes.subarray(4, 8)) === "ORTM") {
    return unreadable("This is a file of onnxruntime's own format, not of ONNX.")
  }
  try {
    return Result.succeed(new Inspector(bytes).inspect())
  } catch (cause) {
    return unreadable(
      cause instanceof Unreadable
        ? `This is no file of ONNX: ${cause.message}`
        : "This is no file of ONNX, or a damaged one."
    )
  }
}

class Inspector {
  private readonly walk: ProtoWalk
  private readonly constants: InspectedConstants
  private readonly operators = new InspectedOperators()
  private readonly opsets = new Map<string, number>()
  private readonly metadata = new Map<string, string>()
  private metadataSize = 0
  private readonly inputs = new Map<string, InspectedValue>()
  private readonly outputs: Array<InspectedValue> = []
  private irVersion: number | undefined
  private producer = { name: "", version: "" }
  private graphs = 0
  private trainingGraphs = 0

  private readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.walk = new ProtoWalk(bytes)
    this.constants = new InspectedConstants(this.walk)
  }

  inspect(): Inspection {
    const { producer, walk } = this
    walk.fields((field) => {
      if (field === model.irVersion) this.irVersion = walk.integer()
      else if (field === model.producerName) producer.name = walk.text(NAME) ?? ""
      else if (field === model.producerVersion) producer.version = walk.text(NAME) ?? ""
      else if (field === model.graph) this.mainGraph()
      else if (field === model.opsetImport) this.opset()
      else if (field === model.metadataProps) this.said()
      else if (field === model.trainingInfo) this.trainingGraphs++
      else if (field === model.functions) this.function()
    })
    if (this.irVersion === undefined || this.graphs === 0) {
      throw new Unreadable("It holds no graph, or does not say which version it is of.")
    }
    return {
      bytes: this.bytes.length,
      irVersion: this.irVersion,
      opsets: Object.fromEntries(this.opsets),
      producer,
      inputs: [...this.inputs.values()],
      outputs: this.outputs,
      ...this.operators.inspected,
      ...this.constants.inspected,
      trainingGraphs: this.trainingGraphs,
      metadata: Object.fromEntries(this.metadata)
    }
  }

  /** Its inputs first: which of them have values is said before they are. */
  private mainGraph() {
    const { walk } = this
    this.graphs++
    walk.twice(
      () =>
        walk.fields((field) => {
          if (field === graph.input) {
            const input = inspectValue(walk)
            this.inputs.set(input.name, input)
          } else if (field === graph.output) this.outputs.push(inspectValue(walk))
          if (this.inputs.size + this.outputs.length > VALUES) {
            throw new Unreadable("It has more inputs and outputs than can be.")
          }
        }),
      () => walk.fields((field) => this.partOfGraph(field, true))
    )
  }

  private partOfGraph(field: number, main: boolean) {
    if (field === graph.node) this.node()
    else if (field === graph.initializer) {
      const name = this.constants.tensor()
      if (main) this.inputs.delete(name)
    } else if (field === graph.sparseInitializer) this.constants.sparse()
  }

  private node() {
    const { walk } = this
    const inputs: Array<string> = []
    let output: string | undefined
    let type = ""
    let domain = ""
    const made: Array<Made> = []
    walk.message((field) => {
      if (field === node.input && inputs.length < 2) inputs.push(walk.text(NAME) ?? "")
      else if (field === node.output) output ??= walk.text(NAME)
      else if (field === node.opType) type = walk.text(NAME) ?? type
      else if (field === node.domain) domain = walk.text(NAME) ?? domain
      else if (field === node.attribute) this.attribute(output, made)
    })
    this.operators.add(domain === "" ? "ai.onnx" : domain, type)
    const shape = shapeInputs.get(type)
    const name = shape === undefined ? undefined : inputs[shape]
    if (name !== undefined) this.constants.shapeInput(name)
    for (const { attribute: of, elements } of made) {
      if (of === "shape") this.constants.made(elements)
      else if (of === "value_ints" && output !== undefined) {
        this.constants.shapeNamed(output, elements)
      }
    }
  }

  private attribute(output: string | undefined, made: Array<Made>) {
    const { walk } = this
    let name = ""
    let elements = 1
    let integers = 0
    walk.message((field) => {
      if (field === attribute.name) name = walk.text(NAME) ?? name
      else if (field === attribute.tensor || field === attribute.tensors) {
        this.constants.tensor(output)
      } else if (field === attribute.graph || field === attribute.graphs) {
        walk.message((part) => this.partOfGraph(part, false))
      } else if (
        field === attribute.sparseTensor ||
        field === attribute.sparseTensors
      ) {
        this.constants.sparse()
      } else if (field === attribute.ints) {
        walk.integers((value) => {
          integers++
          elements = product(elements, value)
        })
      }
    })
    if (integers > 0 && integers <= 64 && made.length < 8) {
      made.push({ attribute: name, elements })
    }
  }

  private function() {
    const { walk } = this
    this.operators.inFunction(() => {
      const named = { domain: "", name: "" }
      walk.message((field) => {
        if (field === functionProto.name) named.name = walk.text(NAME) ?? ""
        else if (field === functionProto.domain) named.domain = walk.text(NAME) ?? ""
        else if (field === functionProto.node) this.node()
        else if (field === functionProto.opsetImport) this.opset()
        else if (field === functionProto.attributeProto) this.attribute(undefined, [])
      })
      return named
    })
  }

  private opset() {
    const { walk } = this
    let domain = ""
    let version = 0
    walk.message((field) => {
      if (field === 1) domain = walk.text(NAME) ?? domain
      else if (field === 2) version = walk.integer() ?? version
    })
    const key = domain === "" ? "ai.onnx" : domain
    this.opsets.set(key, Math.max(version, this.opsets.get(key) ?? 0))
    if (this.opsets.size > OPSETS)
      throw new Unreadable("It names more domains than can be.")
  }

  private said() {
    const { walk } = this
    let key = ""
    let value = ""
    walk.message((field) => {
      if (field === 1) key = walk.text(NAME) ?? key
      else if (field === 2) value = walk.text(METADATA) ?? value
    })
    this.metadataSize += key.length + value.length
    if (this.metadataSize <= METADATA) this.metadata.set(key, value)
  }
}

/** Whole numbers of an attribute as if they were a shape. */
interface Made {
  readonly attribute: string
  readonly elements: number
}

/** Operators that make a tensor of the shape that one of their inputs holds: which one. */
const shapeInputs: ReadonlyMap<string, number> = new Map([
  ["ConstantOfShape", 0],
  ["Expand", 1],
  ["Tile", 1]
])

/** Bytes of a name that is kept. */
const NAME = 256
const VALUES = 2_000
const OPSETS = 1_000
/** Characters of all metadata that are kept; what comes after them is left out. */
const METADATA = 262_144
