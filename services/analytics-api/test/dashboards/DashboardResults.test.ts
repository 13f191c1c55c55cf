import { describe, expect, it } from "bun:test"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { QueryLoadConfig } from "@analytics/config/QueryLoadConfig"
import { Deferred, Duration, Effect, Fiber, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import type { Dashboard } from "../../src/dashboards/Dashboard.ts"
import { DashboardResults } from "../../src/dashboards/DashboardResults.ts"
import { Dashboards } from "../../src/dashboards/Dashboards.ts"
import type { Insight } from "../../src/insights/Insight.ts"
import { InsightRepo } from "../../src/insights/InsightRepo.ts"
import { Watermark } from "../../src/query/Watermark.ts"
import { Results } from "../../src/results/Results.ts"

const at = new Date("2025-03-01T00:00:00Z")
const by = { createdBy: "k", createdAt: at, updatedBy: "k", updatedAt: at }
const idOf = (n: number) => `018f2a6c-0000-7000-8000-${String(n).padStart(12, "0")}`

const insightOf = (n: number): Insight => ({
  id: idOf(n),
  version: 1,
  name: `${n}`,
  description: "",
  query: { kind: "trends", series: [{ measure: "total" }], n },
  chart: { form: "line" },
  ...by
})

const dashboardId = "018f2a6c-0000-7000-8000-00000000abcd"
const dashboard = (tiles: number): Dashboard => ({
  id: dashboardId,
  version: 1,
  name: "Mondays",
  description: "",
  range: "last_7d",
  timezone: null,
  filters: [],
  tiles: Array.from({ length: tiles }, (_, n) => ({
    id: idOf(100 + n),
    insight: idOf(n),
    width: 6
  })),
  ...by
})

const answer = {
  kind: "trends",
  result: {},
  meta: {
    asOf: at.toISOString(),
    ingestLagMs: 0,
    cached: false,
    elapsedMs: 0,
    rowsRead: 0,
    warnings: [],
    definitions: "v1"
  }
}

/** Which tiles are asked for, how many at once, and what happens meanwhile. */
const world = (tiles: number) => {
  const seen = { groups: new Set<string>(), asked: 0, atOnce: 0, most: 0 }
  const during = { of: (_: number): Effect.Effect<void> => Effect.void }
  const unasked = () => Effect.die("not asked here")
  const stubs = Layer.mergeAll(
    Layer.succeed(Dashboards, {
      create: unasked,
      list: unasked,
      change: unasked,
      remove: unasked,
      get: () => Effect.succeed(dashboard(tiles))
    }),
    Layer.succeed(InsightRepo, {
      insert: unasked,
      byId: unasked,
      page: unasked,
      update: unasked,
      remove: unasked,
      byIds: () => Effect.succeed(Array.from({ length: tiles }, (_, n) => insightOf(n)))
    }),
    Layer.succeed(Results, {
      answer: ({ group = "" }, body) =>
        Effect.acquireUseRelease(
          Effect.sync(() => {
            seen.groups.add(group)
            seen.asked++
            seen.most = Math.max(seen.most, ++seen.atOnce)
          }),
          () => Effect.as(during.of(Object(body).n), { answer, keptAt: null }),
          () => Effect.sync(() => seen.atOnce--)
        )
    }),
    Layer.succeed(Watermark, {
      current: Effect.die("a moment is asked for"),
      atLeast: () =>
        Effect.succeed({ watermark: at.getTime(), ingestLagMs: 0, isStale: false })
    }),
    QueryConfig.layerOf({
      dataIngestionUrl: "http://localhost",
      timeout: Duration.minutes(1),
      memoryLimit: 1,
      threads: 1,
      concurrency: 1
    }),
    QueryLoadConfig.layer,
    Logger.layer([])
  )
  const run = <A, E>(effect: Effect.Effect<A, E, DashboardResults>) =>
    Effect.runPromise(
      effect.pipe(Effect.provide(Layer.provideMerge(DashboardResults.layer, stubs)))
    )
  return { seen, during, run }
}

const show = (id = dashboardId, overrides = {}) =>
  DashboardResults.use((results) =>
    results.result({ projectId: 1, timezone: "UTC" }, id, overrides, false)
  )

describe("a dashboard", () => {
  it("asks for four tiles at once, in one group however its id is written", async () => {
    const { during, run, seen } = world(10)
    during.of = () =>
      Effect.promise(() => Bun.sleep(0)).pipe(Effect.repeat({ times: 3 }))
    const { tiles } = await run(show(dashboardId.toUpperCase()))
    expect(tiles.map(({ id }) => id)).toEqual(dashboard(10).tiles.map(({ id }) => id))
    expect(seen).toEqual({
      groups: new Set([`dashboard:${dashboardId}`]),
      asked: 10,
      atOnce: 0,
      most: 4
    })
  })

  it("is answered once for all who look at the same time", async () => {
    const { during, run, seen } = world(3)
    const gate = Deferred.makeUnsafe<void>()
    during.of = () => Deferred.await(gate)
    await run(
      Effect.gen(function* () {
        const first = yield* Effect.forkChild(show(), { startImmediately: true })
        const others = yield* Effect.forEach(Array.from({ length: 20 }), () =>
          Effect.forkChild(show(dashboardId.toUpperCase()), { startImmediately: true })
        )
        const other = yield* Effect.forkChild(show(dashboardId, { range: "today" }), {
          startImmediately: true
        })
        yield* Deferred.succeed(gate, undefined)
        for (const fiber of [first, ...others, other])
          expect((yield* Fiber.join(fiber)).tiles).toHaveLength(3)
      })
    )
    // The first one's, those of all who came meanwhile, and those of another range.
    expect(seen.asked).toBe(9)
  })

  it("has the answers that were had when its time is over", async () => {
    const { during, run, seen } = world(9)
    during.of = (n) => (n === 1 || n > 3 ? Effect.never : Effect.void)
    const { tiles } = await run(
      Effect.gen(function* () {
        const shown = yield* Effect.forkChild(show())
        while (seen.asked < 7) yield* Effect.promise(() => Bun.sleep(0))
        yield* TestClock.adjust("1 minute")
        return yield* Fiber.join(shown)
      }).pipe(Effect.provide(TestClock.layer()))
    )
    expect(tiles.map(({ type }) => type)).toEqual([
      "answer",
      "problem",
      "answer",
      "answer",
      ...Array.from({ length: 5 }, () => "problem" as const)
    ])
    for (const tile of tiles)
      if (tile.type === "problem") expect(tile.problem.status).toBe(408)
    // For the last two no time was left.
    expect(seen).toMatchObject({ asked: 7, atOnce: 0 })
  })

  it("says of a tile that failed without a reason only that it did", async () => {
    const { during, run } = world(2)
    during.of = (n) => (n === 0 ? Effect.die("secret") : Effect.void)
    const { tiles } = await run(show())
    expect(tiles[0]).toMatchObject({ type: "problem", problem: { status: 500 } })
    expect(JSON.stringify(tiles)).not.toContain("secret")
    expect(tiles[1]).toMatchObject({ type: "answer" })
  })
})
