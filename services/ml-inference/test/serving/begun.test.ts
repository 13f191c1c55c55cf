import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Deferred, Effect, Layer, References, Schedule } from "effect"
import {
  type ExecutorLimits,
  ExecutorLost,
  Executors,
  ModelRefused
} from "../../src/execution/Executors.ts"
import * as LiveServing from "../../src/serving/LiveServing.ts"
import { Serving } from "../../src/serving/Serving.ts"
import { FakeExecutor } from "../support/FakeExecutor.ts"
import * as Models from "../support/models.ts"
import { limits, StubModels } from "../support/StubModels.ts"

type Loaded = "ready" | ModelRefused | ExecutorLost

/** How the loading of each model ends, by its limit of memory, which tells them apart. */
const makeLoads = () =>
  [1, 2, 3].map((memory) => ({
    memory,
    end: Deferred.makeUnsafe<Loaded>(),
    /** Whoever loads it again waits for ever. */
    taken: false
  }))

const executorsOf = (loads: ReturnType<typeof makeLoads>) =>
  Layer.succeed(Executors, {
    start: Effect.fnUntraced(function* (_: string, { memory }: ExecutorLimits) {
      const load = loads.find((it) => it.memory === memory)
      if (load === undefined || load.taken) return yield* Effect.never
      load.taken = true
      const end = yield* Deferred.await(load.end)
      return end === "ready" ? new FakeExecutor().executor : yield* end
    })
  })

/** Three models are to be ready from the beginning. */
const serving = (loads: ReturnType<typeof makeLoads>, startTime: number) =>
  LiveServing.layerWith({
    ...LiveServing.usualOptions,
    maxLoaded: 8,
    loadsAtOnce: 3,
    startTime
  }).pipe(
    Layer.provide(
      Layer.effectDiscard(
        Effect.gen(function* () {
          const stub = yield* StubModels
          const plan = (memory: number) => ({
            versions: {
              1: {
                file: Models.times(memory),
                limits: { ...limits, memory },
                batching: { maxRows: 1, window: 0, queueRows: 10 }
              }
            }
          })
          yield* stub.serve({ one: plan(1), two: plan(2), three: plan(3) })
        })
      )
    ),
    Layer.provide(executorsOf(loads)),
    Layer.provideMerge(StubModels.layer),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
  )

const left = Effect.gen(function* () {
  const { begun } = yield* Serving
  return yield* begun.pipe(
    Effect.as(0),
    Effect.catchTag("StillLoading", ({ versions }) => Effect.succeed(versions))
  )
})

const until = (wanted: number) =>
  Effect.repeat(left, {
    until: (it) => it === wanted,
    schedule: Schedule.spaced("2 millis")
  }).pipe(Effect.timeout("20 seconds"))

describe("a process that begins", () => {
  const loads = makeLoads()
  const { effect } = withLayer(serving(loads, 60_000))

  effect("has begun when each of its models was tried, whatever came of it", () =>
    Effect.gen(function* () {
      const ends: ReadonlyArray<Loaded> = [
        new ModelRefused({ detail: "no" }),
        new ExecutorLost({ reason: "crash", detail: "gone" }),
        "ready"
      ]
      for (const [index, end] of ends.entries()) {
        yield* until(3 - index)
        const load = loads[index]
        if (load !== undefined) yield* Deferred.succeed(load.end, end)
      }
      yield* until(0)
      const states = (yield* (yield* Serving).index(1)).map(({ state }) => state)
      expect(states).toContain("READY")
      expect(states).toContain("UNAVAILABLE")
    })
  )

  effect("stays so when there is a new model", () =>
    Effect.gen(function* () {
      const stub = yield* StubModels
      const plan = { file: Models.times(4), limits: { ...limits, memory: 4 } }
      yield* stub.serve({ four: { versions: { 1: plan } } })
      const { index } = yield* Serving
      yield* Effect.repeat(index(1), {
        until: (all) => all.some(({ name }) => name === "four"),
        schedule: Schedule.spaced("2 millis")
      }).pipe(Effect.timeout("20 seconds"))
      expect(yield* left).toBe(0)
    })
  )
})

describe("a process whose models never load", () => {
  const { effect } = withLayer(serving(makeLoads(), 50))

  effect("has begun all the same, after a while", () => until(0))
})
