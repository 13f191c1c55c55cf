import type { Inspection } from "./Inspection.ts"

/** What a file may hold to be served. */
export interface OnnxPolicy {
  /** Newest version of operators that the runtime reads, by domain. Others are refused. */
  readonly opsets: Readonly<Record<string, number>>
  readonly irVersion: number
  /** `<domain>.<type>`, refused although their domain is not. */
  readonly refusedOperators: ReadonlyArray<string>
  readonly nodes: number
  readonly inputs: number
  readonly outputs: number
  /** Bytes of constants as their shapes say. */
  readonly constantBytes: number
  /** Elements of one tensor that is made of a constant shape. */
  readonly madeElements: number
}

/** Fits onnxruntime 1.30. */
export const defaultOnnxPolicy: OnnxPolicy = {
  opsets: { "ai.onnx": 26, "ai.onnx.ml": 5, "com.microsoft": 1 },
  irVersion: 13,
  refusedOperators: [],
  nodes: 200_000,
  inputs: 256,
  outputs: 256,
  constantBytes: 2 ** 31,
  madeElements: 2 ** 28
}

/** Why the file is not served; nothing: it may be tried. Sentences for people. */
export const refusals = (
  inspection: Inspection,
  policy: OnnxPolicy = defaultOnnxPolicy
): ReadonlyArray<string> =>
  inspection.nodes > policy.nodes ? ["It has too many nodes."] : []
