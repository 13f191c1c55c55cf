import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer, References } from "effect"
import * as SpawnedExecutors from "../../src/execution/SpawnedExecutors.ts"
import * as LiveServing from "../../src/serving/LiveServing.ts"
import { Serving } from "../../src/serving/Serving.ts"
import * as Models from "../support/models.ts"
import { limits, StubModels } from "../support/StubModels.ts"
import { floats, numbers } from "../support/tensors.ts"

const live = LiveServing.layerWith({ ...LiveServing.usualOptions, maxLoaded: 8 }).pipe(
  Layer.provide(SpawnedExecutors.layer),
  Layer.provideMerge(StubModels.layer),
  Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
)

const rows = Array.from({ length: 8 }, (_, n) => [n ** 2 / 7, 100 * n])

const infer = Effect.fnUntraced(function* (model: string, row: ReadonlyArray<number>) {
  const { outputs } = yield* (yield* Serving).infer(
    { projectId: 1, model, version: "1", entity: undefined },
    [floats("x", [row])],
    undefined
  )
  return outputs[0] && numbers(outputs[0])
})

/** What each row gets that comes with all others, and in how many runs. */
const together = Effect.fnUntraced(function* (model: string) {
  const serving = yield* Serving
  yield* serving.awaitReady(1, model, 1)
  const y = yield* Effect.forEach(rows, (row) => infer(model, row), {
    concurrency: "unbounded"
  })
  const [statistics] = yield* serving.statistics(1, model, "1")
  return { y, runs: statistics?.executionCount }
})

const oneGolden = (y: ReadonlyArray<number>) => ({
  inputs: [floats("x", [[3, 4]])],
  outputs: [floats("y", [y])],
  tolerance: 1e-6
})

describe("rows of several requests", () => {
  const { effect } = withLayer(live)

  effect(
    "share runs of a model that keeps them apart, with golden rows or without",
    () =>
      Effect.gen(function* () {
        const stub = yield* StubModels
        const file = Models.times(2)
        yield* stub.serve({
          plain: { versions: { 1: { file } } },
          golden: { versions: { 1: { file, golden: oneGolden([6, 8]) } } }
        })
        for (const model of ["plain", "golden"]) {
          const { runs, y } = yield* together(model)
          expect(y).toEqual(
            rows.map((row) => row.map((it) => Math.fround(2 * Math.fround(it))))
          )
          expect(runs).toBeLessThan(rows.length)
        }
      })
  )

  effect("do not where they would change each other's answers", () =>
    Effect.gen(function* () {
      const stub = yield* StubModels
      yield* stub.serve({
        mean: { versions: { 1: { file: Models.centred } } },
        "golden mean": {
          versions: { 1: { file: Models.centred, golden: oneGolden([0, 0]) } }
        },
        scale: { versions: { 1: { file: Models.quantized } } }
      })
      for (const model of ["mean", "golden mean"])
        expect((yield* together(model)).y).toEqual(rows.map(() => [0, 0]))
      const { y } = yield* together("scale")
      const alone = yield* Effect.forEach(rows, (row) => infer("scale", row))
      expect(y).toEqual(alone)
    })
  )

  effect("do not either where trying that ends the process", () =>
    Effect.gen(function* () {
      const stub = yield* StubModels
      const tight = { ...limits, runTime: 100 }
      yield* stub.serve({
        endless: { versions: { 1: { file: Models.endless, limits: tight } } }
      })
      const serving = yield* Serving
      yield* serving.awaitReady(1, "endless", 1)
      expect(yield* serving.index(1)).toMatchObject([{ state: "READY" }])
    })
  )
})
