import { elementSize, type Tensor } from "@analytics/inference-protocol/Tensor"
import {
  fromTypedArray,
  type TypedArray,
  typedArrayOf
} from "@analytics/inference-protocol/TensorValues"
import { Effect } from "effect"
import type { Executor, ExecutorLost, Signature } from "../execution/Executors.ts"
import type { Golden } from "../registry/DesiredModels.ts"
import { difference } from "./difference.ts"
import { isBatchable, makeCheck } from "./RequestTensors.ts"
import { cut } from "./rowsOf.ts"
import { runJoined } from "./runJoined.ts"

/** Rows that are put among others, at most. */
const mostRows = 8

/** Differences that come from the order of sums alone. */
const noise = 1e-5

/**
 * Whether rows of several requests may share a run. No signature says that: a mean or a
 * scale over the whole run (as of models quantized as they run) gives each row another
 * answer beside other rows. So golden rows, or fractions and zeros without them, are put among rows of
 * their own kind, larger and smaller ones; where any of these changes them, or all are
 * refused, the answer is no.
 */
export const keepsRowsApart = Effect.fn("Serving.keepsRowsApart")(function* (
  executor: Executor,
  golden: Golden | undefined
): Effect.fn.Return<boolean, ExecutorLost> {
  const { signature } = executor
  if (!isBatchable(signature)) return true
  const inputs = golden === undefined ? madeUp(signature) : someRows(golden.inputs)
  const request = makeCheck(signature)(inputs, undefined)
  if (typeof request === "string" || request.key === undefined) return false
  const once = yield* runJoined(executor, [request.inputs])
  if (once._tag === "ExecutorLost") return yield* once
  if (once._tag === "RunRefused") return false
  const tolerance = Math.max(golden?.tolerance ?? 0, noise)
  const thrice = [request.rows, request.rows, request.rows]
  let tried = false
  for (const other of others) {
    const beside = request.inputs.map((it) => changed(it, other))
    const end = yield* runJoined(executor, [beside, request.inputs, beside])
    if (end._tag === "ExecutorLost") return yield* end
    // What the model takes none of says nothing about it.
    if (end._tag === "RunRefused") continue
    tried = true
    const found: Array<Tensor> = []
    for (const output of end.outputs) {
      const [, middle] = cut(output, thrice) ?? []
      if (middle === undefined) return false
      found.push(middle)
    }
    if (difference(found, once.outputs, tolerance) !== undefined) return false
  }
  return tried
})

/** Makes another element of each; integers stay near, where they may be indices. */
interface Other {
  readonly float: (value: number, index: number) => number
  readonly integer: (value: number) => number
}

const others: ReadonlyArray<Other> = [
  { float: (it) => it, integer: (it) => it },
  { float: () => 0, integer: () => 0 },
  { float: () => 1, integer: () => 1 },
  { float: (it) => it + Math.abs(it) + 1, integer: (it) => it + 1 },
  { float: (it) => it - Math.abs(it) - 1, integer: (it) => Math.max(0, it - 1) }
]

const changed = (tensor: Tensor, { float, integer }: Other): Tensor => {
  const { datatype, name, shape } = tensor
  if (datatype === "BYTES") return tensor
  const bytes = new Uint8Array(tensor.bytes)
  if (datatype === "BOOL")
    return { name, datatype, shape, bytes: bytes.map((it) => Math.min(1, integer(it))) }
  const values = typedArrayOf({ name, datatype, shape, bytes })
  change(values, float, integer)
  return fromTypedArray(name, shape, values)
}

const change = (
  values: TypedArray,
  float: Other["float"],
  integer: Other["integer"]
): void => {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array)
    // Beyond what a double counts there is nothing next to it.
    for (const [n, value] of values.entries())
      values[n] =
        BigInt.asIntN(53, value) === value ? BigInt(integer(Number(value))) : value
  else {
    const of = isFloats(values) ? float : integer
    for (const [n, value] of values.entries()) values[n] = of(value, n)
  }
}

const isFloats = (values: TypedArray): boolean =>
  values instanceof Float16Array ||
  values instanceof Float32Array ||
  values instanceof Float64Array

const someRows = (inputs: ReadonlyArray<Tensor>): ReadonlyArray<Tensor> =>
  inputs.map((input) => {
    const rows = input.shape[0] ?? 0
    if (rows <= mostRows) return input
    return cut(input, [mostRows, rows - mostRows])?.[0] ?? input
  })

/** One row, with 1 for every dimension that is free. */
const madeUp = ({ inputs }: Signature): ReadonlyArray<Tensor> =>
  inputs.map(({ datatype, name, shape: sizes }) => {
    const shape = sizes.map((size) => (size === -1 ? 1 : size))
    const elements = shape.reduce((all, size) => all * size, 1)
    // Of texts, empty ones: each has nothing but its length.
    const size = datatype === "BYTES" ? 4 : elementSize[datatype]
    const zeros = { name, datatype, shape, bytes: new Uint8Array(elements * size) }
    return changed(zeros, { float: fraction, integer: () => 0 })
  })

/** Between 0 and 1; none is a round number, which coarser steps would not change. */
const fraction = (_: number, n: number): number => ((n + 1) * 0.618_034) % 1
