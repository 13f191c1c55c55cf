import { describe, expect } from "bun:test"
import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { withLayer } from "@analytics/testing/effectTest"
import { treaty } from "@elysiajs/eden"
import { Effect, Fiber, Layer, Logger, ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import { ModelAccess } from "../../src/access/ModelAccess.ts"
import { Forecaster } from "../../src/forecast/Forecaster.ts"
import { forecastRoutes } from "../../src/forecast/ForecastRoutes.ts"

const AccessStub = Layer.succeed(ModelAccess, {
  known: () => undefined,
  of: (authorization, scope, projectId) =>
    authorization === "Bearer sk" && scope === "predict"
      ? Effect.succeed({ actor: "sk", projectId: projectId ?? 1, until: 0 })
      : Effect.fail(new Unauthorized({}))
})
const layer = Layer.mergeAll(
  AccessStub,
  Forecaster.layerOf({ deadline: 150_000, most: 4, patience: 150_000 }),
  Logger.layer([])
)
const weekly = Array.from(
  { length: 70 },
  (_, day) => (day % 7 > 4 ? 20 : 100) + (day % 3)
)
/** In milliseconds: its process gives way to everything else on the machine. */
const LONGEST = 180_000
const headers = { authorization: "Bearer sk" }

const client = Effect.acquireRelease(
  Effect.sync(() => {
    const runtime = ManagedRuntime.make(layer)
    const app = new Elysia().use(jsonBody(1_000_000)).use(forecastRoutes(runtime))
    return { api: treaty(app, { parseDate: false }), runtime }
  }),
  ({ runtime }) => runtime.disposeEffect
)

describe("POST /v1/forecast", () => {
  const { effect } = withLayer(Layer.empty)
  effect(
    "answers what comes next and when",
    () =>
      Effect.gen(function* () {
        const { api } = yield* client
        const { data, status } = yield* Effect.promise(() =>
          api.v1.forecast.post(
            {
              values: weekly,
              interval: "day",
              timezone: "Europe/Berlin",
              start: "2025-02-02T23:00:00Z",
              horizon: 7,
              levels: [0.8, 0.95]
            },
            { headers, query: {} }
          )
        )
        expect(status).toBe(200)
        expect(data?.forecast?.point.map((value) => value > 60)).toEqual([
          true,
          true,
          true,
          true,
          true,
          false,
          false
        ])
        // Days begin an hour earlier in UTC once the clocks have changed.
        expect(data?.timestamps?.slice(0, 2)).toEqual([
          "2025-04-13T22:00:00.000Z",
          "2025-04-14T22:00:00.000Z"
        ])
        expect(data?.forecast?.intervals.map(({ level }) => level)).toEqual([0.8, 0.95])
        expect(data?.refused).toBeNull()
      }).pipe(Effect.scoped),
    LONGEST
  )

  effect(
    "takes what is skipped for missing, and names a time out of step",
    () =>
      Effect.gen(function* () {
        const { api } = yield* client
        const day = (index: number) => new Date(86_400_000 * index).toISOString()
        const ask = (timestamps: ReadonlyArray<string>) =>
          Effect.promise(() =>
            api.v1.anomalies.post(
              { values: [1, 2, 3], interval: "day", timestamps },
              { headers, query: {} }
            )
          )
        const gap = yield* ask([day(0), day(1), day(4)])
        expect(gap.data?.expected).toHaveLength(5)
        const wrong = yield* ask([day(0), day(1.5), day(4)])
        expect(wrong.status).toBe(422)
        expect(wrong.error?.value).toMatchObject({
          errors: [{ pointer: "/timestamps/1" }]
        })
      }).pipe(Effect.scoped),
    LONGEST
  )

  effect(
    "refuses strangers, and names what is wrong with a request",
    () =>
      Effect.gen(function* () {
        const { api } = yield* client
        const ask = (body: object, authorization = "Bearer sk") =>
          Effect.promise(() =>
            api.v1.forecast.post(
              { values: [1, 2, 3], interval: "day", horizon: 1, ...body },
              { headers: { authorization }, query: {} }
            )
          )
        expect((yield* ask({}, "Bearer other")).status).toBe(401)
        for (const [body, pointer] of [
          [{ horizon: 1001 }, "/horizon"],
          [{ values: [1, 1e16] }, "/values/1"],
          [{ values: Array.from({ length: 20_001 }, () => 1) }, "/values"],
          [{ levels: [1] }, "/levels/0"],
          [{ start: "2025-01-01T00:00:00Z", timestamps: ["x"] }, "/timestamps/0"],
          [{ interval: "custom", start: "2025-01-01T00:00:00Z" }, "/interval"]
        ] as const) {
          const { error, status } = yield* ask(body)
          expect([status, error?.value]).toMatchObject([422, { errors: [{ pointer }] }])
        }
        const short = yield* ask({ values: [1, null, 2] })
        expect(short.data).toMatchObject({
          forecast: null,
          refused: { reason: "too_few_values" }
        })
      }).pipe(Effect.scoped),
    LONGEST
  )
})

describe("the process that forecasts", () => {
  const { effect } = withLayer(Logger.layer([]))
  const forecasterOf = (limits: {
    deadline: number
    most: number
    patience?: number
  }) =>
    Layer.build(Forecaster.layerOf({ patience: 150_000, ...limits })).pipe(
      Effect.flatMap((context) => Effect.provide(Forecaster, context))
    )
  const short = { values: weekly, interval: "day", horizon: 1 } as const

  effect(
    "is killed at the deadline, and another one takes its place",
    () =>
      Effect.gen(function* () {
        const strict = yield* forecasterOf({ deadline: 1, most: 4 })
        expect(yield* Effect.flip(strict.forecast(short))).toMatchObject({
          _tag: "ForecastFailed"
        })
        expect(yield* strict.pid).toBeUndefined()
        const forecaster = yield* forecasterOf({ deadline: 150_000, most: 4 })
        yield* forecaster.forecast(short)
        const first = yield* forecaster.pid
        if (first !== undefined) process.kill(first, "SIGKILL")
        const after = yield* Effect.result(forecaster.forecast(short))
        // It may have been asked before it was known to be gone; the next one is answered.
        expect(["Success", "Failure"]).toContain(after._tag)
        expect((yield* forecaster.forecast(short)).forecast?.point).toHaveLength(1)
        expect(yield* forecaster.pid).not.toBe(first)
      }).pipe(Effect.scoped),
    LONGEST
  )

  effect(
    "refuses what waited too long for its turn, and goes on with the others",
    () =>
      Effect.gen(function* () {
        const limits = { deadline: 150_000, most: 3, patience: 1 }
        const forecaster = yield* forecasterOf(limits)
        const ask = Effect.result(forecaster.forecast(short))
        // A process starts in far more than a millisecond.
        const results = yield* Effect.all([ask, ask], { concurrency: 2 })
        expect(results.map(({ _tag }) => _tag)).toEqual(["Success", "Failure"])
        expect(results[1]).toMatchObject({ failure: { _tag: "ForecastsBusy" } })
        expect((yield* ask)._tag).toBe("Success")
      }).pipe(Effect.scoped),
    LONGEST
  )

  effect(
    "refuses more than may wait, and gives each its own answer",
    () =>
      Effect.gen(function* () {
        const forecaster = yield* forecasterOf({ deadline: 150_000, most: 3 })
        const asked = yield* Effect.forEach([1, 2, 3, 4, 5], (horizon) =>
          Effect.forkChild(Effect.result(forecaster.forecast({ ...short, horizon })))
        )
        const results = yield* Effect.forEach(asked, Fiber.join)
        const lengths = results.map((result) =>
          result._tag === "Success"
            ? result.success.forecast?.point.length
            : result.failure._tag
        )
        expect(lengths).toEqual([1, 2, 3, "ForecastsBusy", "ForecastsBusy"])
      }).pipe(Effect.scoped),
    LONGEST
  )
})
