import { describe, expect, it } from "bun:test"
import type { Statement } from "@analytics/analytics-core/query/Compiled"
import { writeCursor } from "@analytics/analytics-core/query/Cursor"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { QueryLoadConfig } from "@analytics/config/QueryLoadConfig"
import { Installation } from "@analytics/database/Installation"
import { testInstallation } from "@analytics/testing/testInstallation"
import { Deferred, Duration, Effect, Fiber, Layer, Redacted } from "effect"
import { CohortRepo } from "../../src/cohorts/CohortRepo.ts"
import { History } from "../../src/query/History.ts"
import { OutlookClient } from "../../src/query/OutlookClient.ts"
import { Queries } from "../../src/query/Queries.ts"
import { QueryCost } from "../../src/query/QueryCost.ts"
import { QueryTimedOut } from "../../src/query/QueryProblems.ts"
import { QueryRepo } from "../../src/query/QueryRepo.ts"
import { type KnownWatermark, Watermark } from "../../src/query/Watermark.ts"
import { noRefreshes } from "../cohorts/noRefreshes.ts"

const project = { id: 1, timezone: "UTC" }
const question = {
  kind: "trends",
  series: [{ event: "a", measure: "total" }],
  interval: "none",
  from: "2025-03-01T00:00:00Z",
  to: "2025-03-02T00:00:00Z"
}
const published = {
  watermark: Date.parse("2025-03-05T12:00:00.000Z"),
  ingestLagMs: 40,
  isStale: false
}

interface Stubs {
  readonly known?: KnownWatermark
  readonly timeout?: Duration.Duration
  readonly concurrency?: number
  readonly keyBytesPerSecond?: number
  readonly maxRows?: number
  readonly run?: Effect.Effect<void, QueryTimedOut>
  /** Rows of the project. */
  readonly size?: number
  readonly seen?: Array<Statement>
  readonly hasLinks?: boolean
  readonly hasTraitChanges?: boolean
}

const unused = () => Effect.die("not asked here")
const quiet = "0192f0c1-0000-7000-8000-000000000001"
const CohortsStub = Layer.succeed(CohortRepo, {
  insert: unused,
  byId: unused,
  page: unused,
  update: unused,
  remove: unused,
  nextChange: unused,
  definitions: (projectId, ids) =>
    Effect.succeed(
      new Map(
        projectId === 1 && ids.includes(quiet) ? [[quiet, { type: "static" }]] : []
      )
    )
})

/** Where a page of people ended that was answered as of then. */
const pageAsOf = (day: string) =>
  writeCursor({ asOf: Date.parse(day), now: Date.parse(day), after: ["7"] })

/** When something was erased, as it were. */
const changed = Date.parse("2025-02-15T00:00:00Z")

/** The rules over a store that answers 3. */
const queries = ({
  known = published,
  run = Effect.void,
  seen = [],
  hasLinks = false,
  hasTraitChanges = false,
  size = 1000,
  ...config
}: Stubs = {}) =>
  Queries.layer.pipe(
    Layer.provide(
      Layer.succeed(Installation, {
        id: testInstallation.id,
        idHashKey: Redacted.make(testInstallation.idHashKey)
      })
    ),
    Layer.provide(
      Layer.mergeAll(
        Layer.succeed(Watermark, {
          current: Effect.succeed(known),
          atLeast: () => Effect.succeed(known)
        }),
        Layer.succeed(QueryRepo, {
          check: () => Effect.void,
          isLinked: () => false,
          hasLinks: () => Effect.succeed(hasLinks),
          isChanging: () => false,
          hasTraitChanges: () => Effect.succeed(hasTraitChanges),
          hasRemovals: () => Effect.succeed(false),
          isPattern: (text) => Effect.succeed(text !== "("),
          run: (statement) => {
            seen.push(statement)
            return Effect.as(run, { rows: [{ bucket: 0, m0: "3" }], rowsRead: 10 })
          }
        }),
        CohortsStub,
        noRefreshes,
        Layer.succeed(History, {
          changedSince: (_, asOf) => Effect.succeed(asOf < changed)
        }),
        Layer.succeed(QueryCost, {
          estimate: () => Effect.succeed({ rows: 5000, parts: 1, marks: 1 }),
          sizeOf: () => Effect.succeed(size)
        }),
        QueryLoadConfig.layerOf({
          asyncTimeout: Duration.seconds(5),
          asyncConcurrency: 1,
          resultRetention: Duration.hours(1),
          projectBytesPerSecond: 0,
          keyBytesPerSecond: config.keyBytesPerSecond ?? 0,
          maxRows: config.maxRows ?? 0
        }),
        QueryConfig.layerOf({
          dataIngestionUrl: "http://localhost",
          timeout: config.timeout ?? Duration.seconds(5),
          memoryLimit: 1,
          threads: 0,
          concurrency: config.concurrency ?? 2
        })
      )
    )
  )

const answer = (body: unknown, stubs: Stubs = {}) =>
  Effect.runPromise(
    Queries.use((service) => Effect.result(service.answer(project, body))).pipe(
      Effect.provide(queries(stubs))
    )
  )

const failure = async (body: unknown, stubs: Stubs = {}) => {
  const result = await answer(body, stubs)
  if (result._tag === "Success") throw new Error("it was answered")
  return result.failure
}

describe("an answer", () => {
  it("names its watermark and what it cost", async () => {
    const result = await answer(question)
    expect(result).toMatchObject({
      success: {
        kind: "trends",
        result: { series: [{ name: "A", data: [3] }] },
        meta: {
          asOf: "2025-03-05T12:00:00.000Z",
          ingestLagMs: 40,
          cached: false,
          rowsRead: 10,
          warnings: [],
          definitions: "v1"
        }
      }
    })
  })

  it("has what is forecast, and says so when nobody forecasts", async () => {
    const asked = { ...question, interval: "day", forecast: { horizon: 2 } }
    expect(await answer(asked)).toMatchObject({
      success: {
        result: { series: [{ data: [3] }] },
        meta: { warnings: ["forecast_unavailable"] }
      }
    })
    const forecast = {
      model: "naive",
      weights: [{ model: "naive", weight: 1 }],
      seasonLengths: [],
      point: [3, 3],
      intervals: [{ level: 0.9, lower: [1, 1], upper: [5, 5], coverage: null }],
      backtest: { origins: 0, horizon: 0, candidates: [] }
    } as const
    const outlooks = Layer.succeed(OutlookClient, {
      forecast: (projectId, { values }) => {
        expect([projectId, values]).toEqual([1, [3]])
        return Effect.succeed({ forecast, refused: null, timestamps: null })
      },
      anomalies: unused
    })
    const result = await Effect.runPromise(
      Queries.use((service) => service.answer(project, asked)).pipe(
        Effect.provide(queries().pipe(Layer.provide(outlooks)))
      )
    )
    expect(result).toMatchObject({
      result: {
        forecast: {
          labels: ["2025-03-02", "2025-03-03"],
          series: [{ name: "A", data: [3, 3], upper: [5, 5], model: "naive" }]
        }
      },
      meta: { warnings: ["forecast_history_short"] }
    })
  })

  it("warns when the watermark is not the newest", async () => {
    const result = await answer(question, { known: { ...published, isStale: true } })
    expect(result).toMatchObject({
      success: { meta: { warnings: ["watermark_stale"] } }
    })
  })

  it("is as of an earlier watermark when asked", async () => {
    const seen: Array<Statement> = []
    const result = await answer(
      { ...question, asOf: "2025-03-04T01:30:00+01:00" },
      { seen }
    )
    expect(result).toMatchObject({
      success: { meta: { asOf: "2025-03-04T00:30:00.000Z" } }
    })
    expect(Object.values(seen[0]?.params ?? {})).toContain("2025-03-04 00:30:00.000")
  })
})

describe("links", () => {
  it("warns where history changed after the moment it is asked for", async () => {
    const warningsAt = async (asOf: number) => {
      const asked = { ...question, asOf: new Date(asOf).toISOString() }
      const result = await answer(asked)
      return result._tag === "Success" ? result.success.meta.warnings : result.failure
    }
    expect(await warningsAt(changed - 1)).toEqual(["history_changed"])
    expect(await warningsAt(changed)).toEqual([])
  })

  it("are joined as soon as there are any", async () => {
    const people = { ...question, series: [{ event: "a", measure: "unique_users" }] }
    const joinsOf = async (hasLinks: boolean) => {
      const seen: Array<Statement> = []
      await answer(people, { hasLinks, seen })
      return seen.map(({ sql }) => sql.includes("person_links"))
    }
    expect(await joinsOf(false)).toEqual([false])
    expect(await joinsOf(true)).toEqual([false, true])
    const seen: Array<Statement> = []
    await answer(question, { hasLinks: true, seen })
    expect(seen).toHaveLength(1)
  })
})

describe("changes of traits", () => {
  const filters = [{ property: "user.plan", op: "is", value: "pro" }]
  const byPlan = { ...question, filters }
  const folds = ({ sql }: Statement) => sql.includes("first_double")

  it("are folded as soon as there are any, and only where traits are read", async () => {
    const foldsOf = async (hasTraitChanges: boolean, body: object) => {
      const seen: Array<Statement> = []
      await answer(body, { hasTraitChanges, seen })
      return seen.map(folds)
    }
    expect(await foldsOf(true, question)).toEqual([false])
    expect(await foldsOf(false, byPlan)).toEqual([false])
    expect(await foldsOf(true, byPlan)).toEqual([false, true])
  })

  it("are folded over all ids of a person", async () => {
    const seen: Array<Statement> = []
    await answer(byPlan, { hasTraitChanges: true, hasLinks: true, seen })
    expect(seen.map(({ sql }) => sql.includes("person_links"))).toEqual([false, true])
    expect(seen.map(folds)).toEqual([false, true])
  })
})

describe("a cohort", () => {
  it("narrows every kind of count, with links or without", async () => {
    const seen: Array<Statement> = []
    const asked = { ...question, cohort: quiet.toUpperCase() }
    expect((await answer(asked, { seen, hasLinks: true }))._tag).toBe("Success")
    expect(seen.map(({ sql }) => sql.includes("cohort_ids"))).toEqual([true, true])
    expect(seen.map(({ sql }) => sql.includes("person_links"))).toEqual([false, true])
  })

  it("of another project does not exist", async () => {
    const other = Queries.use((service) =>
      Effect.flip(service.answer({ ...project, id: 2 }, { ...question, cohort: quiet }))
    ).pipe(Effect.provide(queries()))
    expect(await Effect.runPromise(other)).toMatchObject({
      status: 422,
      errors: [{ pointer: "/cohort" }]
    })
    const body = { kind: "people", of: { query: { ...question, cohort: quiet } } }
    const inner = Queries.use((service) =>
      Effect.flip(service.answer({ ...project, id: 2 }, body))
    ).pipe(Effect.provide(queries()))
    expect(await Effect.runPromise(inner)).toMatchObject({
      errors: [{ pointer: "/of/query/cohort" }]
    })
  })
})

describe("a refusal", () => {
  it.each([
    [{ ...question, asOf: "2025-03-05T12:00:00.001Z" }, "/asOf"],
    [{ ...question, asOf: "2020-01-01T00:00:00Z" }, "/asOf"],
    [{ kind: "people", event: "a", cursor: pageAsOf("2020-01-01") }, "/cursor"],
    [{ ...question, kind: "astrology" }, "/kind"],
    [{ ...question, kind: "toString" }, "/kind"],
    [null, "/kind"],
    [[], "/kind"],
    ["trends", "/kind"],
    [
      { ...question, filters: [{ property: "p", op: "matches", value: "(" }] },
      "/filters/0/value"
    ]
  ])("of %j points at %s", async (body, pointer) => {
    expect(await failure(body)).toMatchObject({
      _tag: "QueryInvalid",
      status: 422,
      errors: [{ pointer }]
    })
  })

  it("names the kinds there are", async () => {
    expect(await failure({ kind: "astrology" })).toMatchObject({
      errors: [{ detail: expect.stringContaining("trends, funnel") }]
    })
  })

  it("is 422 for a query that would read more rows than one may", async () => {
    expect(await failure(question, { maxRows: 3999 })).toMatchObject({
      _tag: "QueryTooLarge",
      detail: expect.stringContaining("5000 rows")
    })
    // Too small a project to be estimated at all.
    expect((await answer(question, { maxRows: 4000 }))._tag).toBe("Success")
  })

  it("says how long a query may take", async () => {
    const error = await failure(question, {
      timeout: Duration.millis(20),
      run: Effect.never
    })
    expect(error).toMatchObject({ _tag: "QueryTimedOut", status: 408 })
    expect(error).toMatchObject({ detail: expect.stringContaining("20ms") })
  })

  it("counts the time that a query waits for its turn", async () => {
    const program = Effect.gen(function* () {
      const service = yield* Queries
      const both = yield* Effect.all(
        [service.answer(project, question), service.answer(project, question)].map(
          Effect.flip
        ),
        { concurrency: 2 }
      )
      return both.map(({ _tag }) => _tag)
    }).pipe(
      Effect.provide(
        queries({ concurrency: 1, timeout: Duration.millis(30), run: Effect.never })
      )
    )
    expect(await Effect.runPromise(program)).toEqual(["QueryTimedOut", "QueryTimedOut"])
  })

  it("is 429 for the project alone that took its share", async () => {
    const program = Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      let asked = 0
      const run = Effect.suspend(() =>
        ++asked <= 2 ? Deferred.await(gate) : Effect.void
      )
      return yield* Effect.gen(function* () {
        const service = yield* Queries
        const taken = yield* Effect.forEach(Array.from({ length: 18 }), () =>
          Effect.forkChild(service.answer(project, question))
        )
        yield* Effect.yieldNow
        const error = yield* Effect.flip(service.answer(project, question))
        const other = yield* service.answer({ ...project, id: 2 }, question)
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.forEach(taken, Fiber.join)
        return { error, other, after: yield* service.answer(project, question) }
      }).pipe(Effect.provide(queries({ concurrency: 4, run })))
    })
    const { after, error, other } = await Effect.runPromise(program)
    expect(error).toMatchObject({ _tag: "TooManyQueries", retryAfter: 5 })
    expect([other.kind, after.kind]).toEqual(["trends", "trends"])
  })

  it("is 429 once as many wait as may, and not a moment longer", async () => {
    const program = Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const layer = queries({ concurrency: 1, run: Deferred.await(gate) })
      return yield* Effect.gen(function* () {
        const service = yield* Queries
        const taken = yield* Effect.forEach(
          Array.from({ length: 9 }),
          () => Effect.forkChild(service.answer(project, question)),
          { discard: false }
        )
        yield* Effect.yieldNow
        const error = yield* Effect.flip(service.answer(project, question))
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.forEach(taken, Fiber.join)
        return { error, after: yield* service.answer(project, question) }
      }).pipe(Effect.provide(layer))
    })
    const { error, after } = await Effect.runPromise(program)
    expect(error).toMatchObject({ _tag: "TooManyQueries", status: 429, retryAfter: 9 })
    expect(after.kind).toBe("trends")
  })
})

describe("a query that does not end well", () => {
  const asker = { ...project, keyId: "k" }
  /** A minute of it are 60 bytes, less than anything reads in a millisecond. */
  const budget = { keyBytesPerSecond: 1 }
  const aWhile = Effect.sleep("5 millis")

  /** How a first query ends, and a second one of the same key after it. */
  const inTurn = (stubs: Stubs, leaving?: Deferred.Deferred<void>) =>
    Effect.runPromise(
      Effect.gen(function* () {
        const service = yield* Queries
        const asking = yield* Effect.forkChild(service.answer(asker, question))
        if (leaving) {
          yield* Deferred.await(leaving)
          yield* Fiber.interrupt(asking)
        }
        const first = yield* Fiber.await(asking)
        const second = yield* Effect.result(service.answer(asker, question))
        return [first._tag, second._tag === "Failure" ? second.failure._tag : "answer"]
      }).pipe(Effect.provide(queries({ ...budget, ...stubs })))
    )

  it("is charged for what it read when it fails in the store", async () => {
    const run = Effect.andThen(aWhile, Effect.fail(new QueryTimedOut({})))
    expect(await inTurn({ run })).toEqual(["Failure", "TooManyQueries"])
  })

  it("is charged when its time is over", async () => {
    const late = { run: Effect.never, timeout: Duration.millis(20) }
    expect(await inTurn(late)).toEqual(["Failure", "TooManyQueries"])
  })

  it("is charged when its client leaves", async () => {
    const leaving = Deferred.makeUnsafe<void>()
    const run = aWhile.pipe(
      Effect.andThen(Deferred.succeed(leaving, undefined)),
      Effect.andThen(Effect.never)
    )
    expect(await inTurn({ run }, leaving)).toEqual(["Failure", "TooManyQueries"])
  })

  it("is not charged for more than its project holds", async () => {
    const fails = Effect.andThen(aWhile, Effect.fail(new QueryTimedOut({})))
    expect(await inTurn({ run: fails, size: 0 })).toEqual(["Failure", "QueryTimedOut"])
  })

  it("is not charged when it never came to the store", async () => {
    const refused = { ...question, kind: "astrology" }
    const second = Effect.gen(function* () {
      const service = yield* Queries
      yield* Effect.flip(service.answer(asker, refused))
      return yield* service.answer(asker, question)
    }).pipe(Effect.provide(queries(budget)))
    expect((await Effect.runPromise(second)).kind).toBe("trends")
  })
})
