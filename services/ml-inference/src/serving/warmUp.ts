import { Effect, Schema } from "effect"
import type { Executor, ExecutorLost, RunEnd } from "../execution/Executors.ts"
import type { Joined } from "../execution/frames.ts"
import type { Golden } from "../registry/DesiredModels.ts"
import { difference } from "./difference.ts"
import { makeCheck, type RequestTensors } from "./RequestTensors.ts"
import { cut } from "./rowsOf.ts"

/** The model does not give what it gave when it was taken in. */
export class GoldenDiffers extends Schema.TaggedError<GoldenDiffers>()(
  "GoldenDiffers",
  {
    detail: Schema.String
  }
) {}

/**
 * Runs the golden rows, and those twice in one run. Gives whether rows of several requests
 * may share a run: a model may mix the rows of a run, whatever its signature says.
 */
export const warmUp = Effect.fn("Serving.warmUp")(function* (
  executor: Executor,
  { inputs, outputs, tolerance }: Golden
): Effect.fn.Return<boolean, GoldenDiffers | ExecutorLost> {
  const request = makeCheck(executor.signature)(inputs, undefined)
  if (typeof request === "string") return yield* new GoldenDiffers({ detail: request })
  const once = yield* run(executor, request, 1)
  if (once._tag === "RunRefused")
    return yield* new GoldenDiffers({ detail: once.detail })
  if (once._tag === "ExecutorLost") return yield* once
  const found = difference(once.outputs, outputs, tolerance)
  if (found !== undefined)
    return yield* new GoldenDiffers({ detail: `of the golden rows, ${found}` })
  if (request.key === undefined) return true
  const twice = yield* run(executor, request, 2)
  if (twice._tag === "ExecutorLost") return yield* twice
  if (twice._tag === "RunRefused") return false
  return twice.outputs.every((output) => {
    const halves = cut(output, [request.rows, request.rows])
    return halves?.every(
      (half) =>
        difference(
          [half],
          once.outputs.filter(({ name }) => name === half.name),
          Math.max(tolerance, 1e-5)
        ) === undefined
    )
  })
})

const run = (executor: Executor, { inputs, rows }: RequestTensors, times: number) =>
  Effect.callback<RunEnd>((resume) => {
    const joined = inputs.map(
      ({ bytes, shape, ...rest }): Joined => ({
        ...rest,
        shape: times === 1 ? shape : [times * rows, ...shape.slice(1)],
        parts: Array<Uint8Array>(times).fill(bytes)
      })
    )
    executor.submit(joined, [], (end) => resume(Effect.succeed(end)))
  })
