import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer, Option, References, Schedule, Tracer } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { type ExecutorLimits, Executors } from "../../src/execution/Executors.ts"
import * as SpawnedExecutors from "../../src/execution/SpawnedExecutors.ts"
import * as LiveServing from "../../src/serving/LiveServing.ts"
import { Serving } from "../../src/serving/Serving.ts"
import * as Models from "../support/models.ts"
import { limits, StubModels } from "../support/StubModels.ts"
import { floats, numbers } from "../support/tensors.ts"

/** Swaps and kills: a few, or minutes of them. */
const rounds = process.env["TEST_LONG"] === "1" ? 100 : 3

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
  breaker: { losses: 3, shortest: 200, longest: 1000, opens: 3 },
  maxLoaded: 8
}).pipe(
  Layer.provide(executors),
  Layer.provideMerge(StubModels.layer),
  Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
)

const target = (model: string, version?: number, entity?: string) => ({
  projectId: 1,
  model,
  version: version === undefined ? undefined : String(version),
  entity
})

const infer = Effect.fnUntraced(function* (
  model: string,
  rows: ReadonlyArray<ReadonlyArray<number>>,
  version?: number,
  entity?: string
) {
  const serving = yield* Serving
  const { outputs, version: by } = yield* serving.infer(
    target(model, version, entity),
    [floats("x", rows)],
    undefined
  )
  return { by, y: outputs[0] && numbers(outputs[0]) }
})

const ready = Effect.fnUntraced(function* (model: string, version: number) {
  const serving = yield* Serving
  yield* serving.awaitReady(1, model, version)
})

const prometheus = PrometheusMetrics.format()

const until = <A, E, R>(look: Effect.Effect<A, E, R>, reached: (it: A) => boolean) =>
  Effect.repeat(look, { until: reached, schedule: Schedule.spaced("2 millis") }).pipe(
    Effect.timeout("20 seconds")
  )

describe("serving", () => {
  const { effect } = withLayer(live)

  effect("answers by version, and without one by the champion", () =>
    Effect.gen(function* () {
      const stub = yield* StubModels
      const serving = yield* Serving
      const versions = { 1: { file: Models.times(2) }, 2: { file: Models.times(3) } }
      yield* stub.serve({ double: { versions, aliases: { champion: 1 } } })
      yield* Effect.all([ready("double", 1), ready("double", 2)])
      expect(yield* infer("double", [[1, 2]])).toEqual({ by: 1, y: [2, 4] })
      expect(yield* infer("double", [[1, 2]], 2)).toEqual({ by: 2, y: [3, 6] })
      expect(yield* serving.metadata(target("double"))).toEqual({
        name: "double",
        versions: ["1", "2"],
        signature: {
          inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
          outputs: [{ name: "y", datatype: "FP32", shape: [-1, 2] }]
        }
      })
      expect(yield* serving.ready(target("double", 2))).toBe(true)
      expect(yield* Effect.flip(serving.ready(target("double", 3)))).toMatchObject({
        _tag: "ModelUnknown"
      })
      expect(yield* Effect.flip(infer("triple", [[1, 2]]))).toMatchObject({
        _tag: "ModelUnknown"
      })
      const other = { ...target("double"), projectId: 2 }
      expect(yield* Effect.flip(serving.infer(other, [], undefined))).toMatchObject({
        _tag: "ModelUnknown"
      })
      const [one] = yield* serving.statistics(1, "double", "1")
      expect(one).toMatchObject({
        inferenceCount: 1,
        executionCount: 1,
        success: { count: 1 },
        fail: { count: 0 },
        batches: [{ size: 1, infer: { count: 1 } }]
      })
    })
  )

  effect("swaps a version under 64 callers without a failed request", () =>
    Effect.gen(function* () {
      const stub = yield* StubModels
      const plan = (number: number) => ({
        moving: {
          versions: { [number]: { file: Models.times(number) } },
          aliases: { champion: number }
        }
      })
      yield* stub.serve(plan(1))
      yield* ready("moving", 1)
      const seen = new Set<number>()
      let answers = 0
      let done = false
      const caller = Effect.gen(function* () {
        while (!done) {
          const { by, y } = yield* infer("moving", [[1, 10]])
          if (y?.[0] !== by || y?.[1] !== 10 * by)
            return yield* Effect.die(`version ${by} answered ${y}`)
          seen.add(by)
          answers++
        }
      })
      const swaps = Effect.gen(function* () {
        for (let number = 2; number <= rounds + 1; number++) {
          yield* stub.serve(plan(number))
          yield* ready("moving", number)
          const { by } = yield* infer("moving", [[1, 10]])
          expect(by).toBe(number)
          const before = answers
          yield* until(
            Effect.sync(() => answers),
            (count) => count > before + 300
          )
        }
        done = true
      })
      yield* Effect.all([swaps, ...Array.from({ length: 64 }, () => caller)], {
        concurrency: "unbounded"
      })
      expect(seen.size).toBe(rounds + 1)
      process.stdout.write(`${answers} answers through ${rounds} swaps, none failed\n`)
      const serving = yield* Serving
      yield* until(serving.index(1), (entries) => entries.length === 1)
      expect(yield* serving.index(1)).toEqual([
        { name: "moving", version: String(rounds + 1), state: "READY", reason: "" }
      ])
    })
  )

  effect("answers every request whose process is killed meanwhile", () =>
    Effect.gen(function* () {
      const stub = yield* StubModels
      yield* stub.serve({
        sturdy: {
          versions: { 1: { file: Models.times(2), instances: 2 } },
          aliases: { champion: 1 }
        }
      })
      yield* ready("sturdy", 1)
      let answers = 0
      let done = false
      const caller = Effect.gen(function* () {
        while (!done) {
          yield* infer("sturdy", [[1, 2]])
          answers++
        }
      })
      const killer = Effect.gen(function* () {
        for (let kills = 0; kills < rounds; kills++) {
          const before = started.length
          process.kill(started.at(-1) ?? 0, "SIGKILL")
          yield* until(
            Effect.sync(() => started.length),
            (count) => count > before
          )
          // A request is tried again once: each has its answer before the next kill.
          const meanwhile = answers
          yield* until(
            Effect.sync(() => answers),
            (count) => count > meanwhile + 1000
          )
        }
        done = true
      })
      yield* Effect.all([killer, ...Array.from({ length: 16 }, () => caller)], {
        concurrency: "unbounded"
      })
      process.stdout.write(`${answers} answers through ${rounds} kills, none failed\n`)
      expect(yield* infer("sturdy", [[1, 2]])).toEqual({ by: 1, y: [2, 4] })
    })
  )

  effect("leaves a model alone that loses its processes; others go on answering", () =>
    Effect.gen(function* () {
      const stub = yield* StubModels
      const serving = yield* Serving
      const tight = { ...limits, runTime: 100 }
      yield* stub.serve({
        good: { versions: { 1: { file: Models.times(2) } }, aliases: { champion: 1 } },
        huge: { versions: { 1: { file: Models.terabytes } }, aliases: { champion: 1 } },
        bent: {
          versions: { 1: { file: Models.times(2).slice(0, 60) } },
          aliases: { champion: 1 }
        },
        endless: {
          versions: { 1: { file: Models.endless, limits: tight } },
          aliases: { champion: 1 }
        }
      })
      yield* Effect.all([ready("good", 1), ready("huge", 1), ready("endless", 1)])
      let done = false
      const good = Effect.gen(function* () {
        const times: Array<number> = []
        while (!done) {
          const at = performance.now()
          yield* infer("good", [[1, 2]])
          times.push(performance.now() - at)
        }
        return times
      })
      const bad = Effect.gen(function* () {
        expect(yield* Effect.flip(ready("bent", 1))).toMatchObject({
          _tag: "ModelNotReady",
          detail: expect.stringMatching(/the model was refused/u)
        })
        expect(yield* Effect.flip(infer("huge", [[1, 2]]))).toMatchObject({
          _tag: "InferenceFailed",
          reason: "refused"
        })
        for (let n = 0; n < 3; n++)
          expect(yield* Effect.flip(infer("endless", [[1, 2]]))).toMatchObject({
            _tag: "InferenceFailed",
            reason: "deadline"
          })
        const open = yield* until(serving.index(1), (entries) =>
          entries.some(({ reason }) => /several times/u.test(reason))
        )
        expect(open).toContainEqual(
          expect.objectContaining({ name: "endless", state: "UNAVAILABLE" })
        )
        expect(yield* Effect.flip(infer("endless", [[0, 0]]))).toMatchObject({
          _tag: "ModelNotReady",
          retryAfter: 1
        })
        // Half-open, it works again with what it can do.
        yield* Effect.retry(
          infer("endless", [[0, 0]]),
          Schedule.spaced("20 millis")
        ).pipe(Effect.timeout("20 seconds"))
        done = true
      })
      const [times] = yield* Effect.all([good, bad], { concurrency: "unbounded" })
      times.sort((one, other) => one - other)
      process.stdout.write(
        `${times.length} answers of the good model meanwhile, p99 ${times[Math.floor(0.99 * times.length)]?.toFixed(2)} ms\n`
      )
      expect(yield* infer("good", [[1, 2]])).toEqual({ by: 1, y: [2, 4] })
    })
  )

  effect("splits by entity, and asks the shadow without changing the answer", () =>
    Effect.gen(function* () {
      const stub = yield* StubModels
      const serving = yield* Serving
      const versions = {
        1: { file: Models.times(2) },
        2: { file: Models.times(3) },
        3: { file: Models.times(4) }
      }
      const aliases = { champion: 1, challenger: 2, shadow: 3 }
      yield* stub.serve({ split: { versions, aliases, challengerPercent: 30 } })
      yield* Effect.all([ready("split", 1), ready("split", 2), ready("split", 3)])
      const by = (n: number) => infer("split", [[1, 2]], undefined, `person ${n}`)
      const people = Array.from({ length: 300 }, (_, n) => n)
      const once = yield* Effect.forEach(people, by, { concurrency: 16 })
      const again = yield* Effect.forEach(people, by, { concurrency: 16 })
      expect(again).toEqual(once)
      const challenged = once.filter((it) => it.by === 2).length
      expect(challenged).toBeGreaterThan(60)
      expect(challenged).toBeLessThan(120)
      const shadow = yield* until(
        serving.statistics(1, "split", "3"),
        ([it]) => it !== undefined && it.success.count > 0
      )
      expect(shadow).toHaveLength(1)
    })
  )

  effect("is ready only with its golden rows, and within its number of versions", () =>
    Effect.gen(function* () {
      const stub = yield* StubModels
      const serving = yield* Serving
      const golden = (factor: number) => ({
        inputs: [floats("x", [[1, 2]])],
        outputs: [floats("y", [[factor, 2 * factor]])],
        tolerance: 1e-6
      })
      const file = Models.times(2)
      yield* stub.serve({
        right: { versions: { 1: { file, golden: golden(2) } } },
        wrong: { versions: { 1: { file, golden: golden(3) } } }
      })
      yield* ready("right", 1)
      expect(yield* infer("right", [[5, 6]])).toEqual({ by: 1, y: [10, 12] })
      expect(yield* Effect.flip(ready("wrong", 1))).toMatchObject({
        detail: expect.stringMatching(
          /golden rows, output "y" has 2 where 3 is expected/u
        )
      })
      expect(yield* Effect.flip(infer("wrong", [[5, 6]]))).toMatchObject({
        _tag: "ModelNotReady"
      })
      const many = Array.from({ length: 10 }, (_, n) => [n + 1, { file }] as const)
      yield* stub.serve({ many: { versions: Object.fromEntries(many) } })
      yield* Effect.forEach([1, 8], (n) => ready("many", n))
      expect(yield* Effect.flip(ready("many", 9))).toMatchObject({
        detail: expect.stringMatching(/as many versions as it may, 8/u)
      })
      yield* stub.serve({})
      expect(yield* Effect.flip(serving.ready(target("many", 1)))).toMatchObject({
        _tag: "ModelUnknown"
      })
    })
  )

  effect(
    "writes one trace from the request to its run, only where one is looked at",
    () =>
      Effect.gen(function* () {
        const stub = yield* StubModels
        yield* stub.serve({
          seen: { versions: { 1: { file: Models.times(2) } }, aliases: { champion: 1 } }
        })
        yield* ready("seen", 1)
        const spans: Array<Tracer.Span> = []
        const tracer = Tracer.make({
          span(options) {
            const span = new Tracer.NativeSpan(options)
            spans.push(span)
            return span
          }
        })
        const ask = infer("seen", [[1, 2]])
        yield* Effect.gen(function* () {
          yield* ask
          yield* Effect.withSpan(ask, "unseen", { sampled: false })
          expect(spans.map(({ name }) => name)).toEqual(["unseen"])
          yield* Effect.withSpan(ask, "request")
        }).pipe(Effect.provideService(Tracer.Tracer, tracer))
        const [, request, serving, run] = spans
        expect([serving?.name, run?.name]).toEqual(["Serving.infer", "Executor.run"])
        expect(run?.parent).toEqual(Option.fromUndefinedOr(serving))
        expect(run?.traceId).toBe(request?.traceId ?? "")
        expect(run?.attributes.get("run.rows")).toBe(1)
      })
  )

  effect("counts in metrics what versions do", () =>
    Effect.gen(function* () {
      const stub = yield* StubModels
      yield* stub.serve({
        counted: {
          versions: { 7: { file: Models.times(2) } },
          aliases: { champion: 7 }
        }
      })
      yield* ready("counted", 7)
      yield* infer("counted", [[1, 2]])
      // Counted after the answer, and the memory a little later.
      const label = 'project_id="1",model_name="counted",model_version="7"'
      const lines = [
        `ml_run_rows_count{${label}} 1\n`,
        `ml_executor_starts{${label}} 1\n`,
        `ml_version_ready{${label}} 1\n`,
        `ml_queue_rows{${label}} 0\n`,
        `ml_executor_memory{${label}} `
      ]
      yield* until(prometheus, (text) => lines.every((line) => text.includes(line)))
      yield* stub.serve({})
      yield* until(prometheus, (text) => !text.includes("counted"))
    })
  )
})
