import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer, References, Schedule } from "effect"
import { type ExecutorLimits, Executors } from "../../src/execution/Executors.ts"
import * as SpawnedExecutors from "../../src/execution/SpawnedExecutors.ts"
import * as LiveServing from "../../src/serving/LiveServing.ts"
import { Serving } from "../../src/serving/Serving.ts"
import * as Models from "../support/models.ts"
import { limits, StubModels } from "../support/StubModels.ts"
import { floats } from "../support/tensors.ts"

/** Ids of the processes that were started, in their order. */
const started: Array<number> = []

const executors = Layer.effect(
  Executors,
  Effect.map(Executors, ({ start }) => ({
    start: (path: string, bounds: ExecutorLimits) =>
      Effect.tap(start(path, bounds), ({ pid }) => Effect.sync(() => started.push(pid)))
  }))
).pipe(Layer.provide(SpawnedExecutors.layer))

const live = LiveServing.layerWith({
  ...LiveServing.usualOptions,
  breaker: { losses: 3, shortest: 100, longest: 500, opens: 5 },
  // One after the other, so that it is known which of them is asked first.
  loadsAtOnce: 1,
  maxLoaded: 8
}).pipe(
  Layer.provide(executors),
  Layer.provideMerge(StubModels.layer),
  Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
)

const infer = Effect.fnUntraced(function* (row: ReadonlyArray<number>) {
  return yield* (yield* Serving).infer(
    { projectId: 1, model: "endless", version: "1", entity: undefined },
    [floats("x", [row])],
    undefined
  )
})

const until = <A, E, R>(look: Effect.Effect<A, E, R>, reached: (it: A) => boolean) =>
  Effect.repeat(look, { until: reached, schedule: Schedule.spaced("2 millis") }).pipe(
    Effect.timeout("20 seconds")
  )

const startedOnes = (count: number) =>
  until(
    Effect.sync(() => started.length),
    (length) => length >= count
  )

describe("a version with several processes", () => {
  const { effect } = withLayer(live)

  effect("works again, whichever of them was lost too often", () =>
    Effect.gen(function* () {
      const stub = yield* StubModels
      const plan = {
        file: Models.endless,
        limits: { ...limits, runTime: 100 },
        batching: { maxRows: 1, window: 0, queueRows: 1000 },
        instances: 2
      }
      yield* stub.serve({ endless: { versions: { 1: plan } } })
      const serving = yield* Serving
      yield* serving.awaitReady(1, "endless", 1)
      yield* startedOnes(2)
      // The process that came last is asked first, so that one of them meets all of these.
      for (let lost = 1; lost < 3; lost++) {
        yield* Effect.flip(infer([1, 0]))
        yield* startedOnes(2 + lost)
      }
      yield* Effect.flip(infer([1, 0]))
      yield* until(serving.index(1), ([entry]) => entry?.state === "UNAVAILABLE")
      yield* Effect.retry(infer([0, 0]), Schedule.spaced("20 millis")).pipe(
        Effect.timeout("20 seconds")
      )
      expect(yield* serving.index(1)).toMatchObject([{ state: "READY" }])
    })
  )
})
