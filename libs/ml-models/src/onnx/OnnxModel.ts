import type { ElementType } from "./ElementType.ts"

/** A tensor with its elements, as initializers and attributes hold them. */
export interface OnnxTensor {
  readonly name: string
  readonly type: ElementType
  readonly dims: ReadonlyArray<number>
  /** Little-endian, row-major. Of strings, one entry per element instead. */
  readonly data: Uint8Array | ReadonlyArray<string>
}

/** An input or output of a graph. */
export interface OnnxValue {
  readonly name: string
  readonly type: ElementType
  /** A text names a dimension of any size. Undefined: of any rank. */
  readonly shape?: ReadonlyArray<number | string>
}

/** The kinds of attributes a node may have, each named by the field that holds it. */
export type OnnxAttribute =
  | { readonly float: number }
  | { readonly int: number | bigint }
  | { readonly string: string }
  | { readonly tensor: OnnxTensor }
  | { readonly graph: OnnxGraph }
  | { readonly floats: ReadonlyArray<number> | Float32Array }
  | { readonly ints: ReadonlyArray<number | bigint> }
  | { readonly strings: ReadonlyArray<string> }
  | { readonly tensors: ReadonlyArray<OnnxTensor> }
  | { readonly graphs: ReadonlyArray<OnnxGraph> }

export interface OnnxNode {
  readonly op: string
  /** Empty: the operators of ONNX itself. */
  readonly domain?: string
  readonly name?: string
  /** An empty name leaves out an optional one. */
  readonly inputs: ReadonlyArray<string>
  readonly outputs: ReadonlyArray<string>
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>
}

export interface OnnxGraph {
  readonly name: string
  /** In an order in which each finds its inputs. */
  readonly nodes: ReadonlyArray<OnnxNode>
  readonly initializers?: ReadonlyArray<OnnxTensor>
  readonly inputs: ReadonlyArray<OnnxValue>
  readonly outputs: ReadonlyArray<OnnxValue>
}

/** What `writeOnnx` writes. */
export interface OnnxModel {
  readonly irVersion: number
  /** Version of the operators by domain; `""` is ONNX itself. */
  readonly opsets: Readonly<Record<string, number>>
  readonly producer?: { readonly name: string; readonly version: string }
  readonly graph: OnnxGraph
  readonly metadata?: Readonly<Record<string, string>>
}
