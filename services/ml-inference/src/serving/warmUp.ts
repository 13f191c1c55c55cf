import { Effect, Schema } from "effect"
import type { Executor, ExecutorLost } from "../execution/Executors.ts"
import type { Golden } from "../registry/DesiredModels.ts"
import { difference } from "./difference.ts"
import { makeCheck } from "./RequestTensors.ts"
import { runJoined } from "./runJoined.ts"

/** The model does not give what it gave when it was taken in. */
export class GoldenDiffers extends Schema.TaggedError<GoldenDiffers>()(
  "GoldenDiffers",
  {
    detail: Schema.String
  }
) {}

/** Runs the golden rows, and holds what comes against what is to come. */
export const warmUp = Effect.fn("Serving.warmUp")(function* (
  executor: Executor,
  { inputs, outputs, tolerance }: Golden
): Effect.fn.Return<void, GoldenDiffers | ExecutorLost> {
  const request = makeCheck(executor.signature)(inputs, undefined)
  if (typeof request === "string") return yield* new GoldenDiffers({ detail: request })
  const end = yield* runJoined(executor, [request.inputs])
  if (end._tag === "RunRefused") return yield* new GoldenDiffers({ detail: end.detail })
  if (end._tag === "ExecutorLost") return yield* end
  const found = difference(end.outputs, outputs, tolerance)
  if (found !== undefined)
    return yield* new GoldenDiffers({ detail: `of the golden rows, ${found}` })
})
