import { Schema } from "effect"

/** A size, or the name of one that may be any; null: nothing is said of it. */
export const InspectedDimension = Schema.NullOr(
  Schema.Union([Schema.Number, Schema.String])
)

/** An input or output of the graph. */
export const InspectedValue = Schema.Struct({
  name: Schema.String,
  /** Of a tensor its element type as ONNX names it (`float`, `int64`); else what kind it is (`sequence`). */
  type: Schema.String,
  /** Null: of any rank, or no tensor. */
  shape: Schema.NullOr(Schema.Array(InspectedDimension))
})
export type InspectedValue = typeof InspectedValue.Type

/** What a file of ONNX says of itself. JSON as it is. */
export const Inspection = Schema.Struct({
  /** Bytes of the file. */
  bytes: Schema.Number,
  irVersion: Schema.Number,
  /** Version of operators by domain; ONNX's own is `ai.onnx`. */
  opsets: Schema.Record(Schema.String, Schema.Number),
  producer: Schema.Struct({ name: Schema.String, version: Schema.String }),
  /** What a caller has to give: without inputs that the file has values for. */
  inputs: Schema.Array(InspectedValue),
  outputs: Schema.Array(InspectedValue),
  /** Everywhere in the file, also in bodies of loops, branches and functions. */
  operators: Schema.Array(
    Schema.Struct({ domain: Schema.String, type: Schema.String, count: Schema.Number })
  ),
  nodes: Schema.Number,
  /** Nodes when each call of a function of the file stands for what is in it. */
  unfoldedNodes: Schema.Number,
  /** Functions that the file brings along. */
  functions: Schema.Array(
    Schema.Struct({ domain: Schema.String, name: Schema.String })
  ),
  /** Constants: initializers and tensors of attributes. */
  constants: Schema.Struct({
    count: Schema.Number,
    /** In the file. */
    bytes: Schema.Number,
    /** Bytes that they take when they are as large as their shapes say; a sparse one is dense then. */
    declaredBytes: Schema.Number,
    largest: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        type: Schema.String,
        shape: Schema.Array(Schema.Number),
        bytes: Schema.Number
      })
    ),
    /** Elements of the largest tensor that an operator is told to make by a constant. */
    largestMade: Schema.Number
  }),
  /** Files elsewhere that hold tensors of this one: the first of them, and how many. */
  external: Schema.Struct({
    count: Schema.Number,
    locations: Schema.Array(Schema.String)
  }),
  /** Graphs for training, which are not served. */
  trainingGraphs: Schema.Number,
  metadata: Schema.Record(Schema.String, Schema.String)
})
export type Inspection = typeof Inspection.Type

/** The bytes are no file of ONNX, or one larger than can be looked at. */
export class OnnxUnreadable extends Schema.TaggedError<OnnxUnreadable>()(
  "OnnxUnreadable",
  {
    /** For people. */
    detail: Schema.String
  }
) {}
