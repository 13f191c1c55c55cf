import { expect, it } from "bun:test"
import { inspectOnnx } from "@analytics/ml-models/onnx/inspectOnnx"
import { Effect, Result } from "effect"
import { inspectFile } from "../../src/registry/inspectFile.ts"
import * as Models from "../support/models.ts"

it(
  "tells of a file what inspecting it here would, and why of one that is none",
  () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const path = yield* Models.onDisk({
          good: Models.sumAndDifference,
          cut: Models.sumAndDifference.subarray(0, 50),
          empty: new Uint8Array(),
          wordy: Models.wordy
        })
        const unreadable = (file: string) =>
          Effect.map(Effect.flip(inspectFile(file)), ({ detail }) => detail)
        const good = yield* inspectFile(path("good"))
        expect(good).toEqual(Result.getOrThrow(inspectOnnx(Models.sumAndDifference)))
        expect(yield* unreadable(path("cut"))).toContain("This is no file of ONNX")
        expect(yield* unreadable(path("empty"))).toContain("This is no file of ONNX")
        expect(yield* unreadable(path("wordy"))).toContain("are too long")
        expect(yield* unreadable("/nowhere/at/all")).not.toContain("/nowhere")
      }).pipe(Effect.scoped)
    ),
  60_000
)
