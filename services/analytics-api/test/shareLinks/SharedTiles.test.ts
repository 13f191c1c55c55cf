import { describe, expect } from "bun:test"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { withLayer } from "@analytics/testing/effectTest"
import { Duration, Effect, Fiber, Layer, Logger, Predicate, Schema } from "effect"
import { TestClock } from "effect/testing"
import { QueriesUnavailable } from "../../src/query/QueryProblems.ts"
import { Watermark } from "../../src/query/Watermark.ts"
import { Results } from "../../src/results/Results.ts"
import type { SharedQuestion } from "../../src/shareLinks/SharedContents.ts"
import { SharedTiles } from "../../src/shareLinks/SharedTiles.ts"

const NOW = Date.UTC(2025, 2, 3)
const known = Effect.succeed({ watermark: NOW, ingestLagMs: 0, isStale: false })

/** How many people did what; "away" cannot be asked, and "slow" takes for ever. */
const people: Record<string, number> = { looked: 14, bought: 12 }
const world = { away: new Set<string>(), slow: new Set<string>() }

const Asked = Schema.Struct({
  series: Schema.Array(Schema.Struct({ event: Schema.String, name: Schema.String }))
})
const decode = Schema.decodeUnknownSync(Asked)

const answer = (body: unknown) => {
  const { series } = decode(body)
  const event = series[0]?.event ?? ""
  if (world.slow.has(event)) return Effect.never
  if (world.away.has(event)) return Effect.fail(new QueriesUnavailable({}))
  const lines = series.map(({ event: of, name }) => ({
    name,
    breakdown: null,
    other: false,
    data: [people[of] ?? 0]
  }))
  const meta = {
    asOf: new Date(NOW).toISOString(),
    ingestLagMs: 0,
    cached: false,
    elapsedMs: 0,
    rowsRead: 0,
    warnings: [],
    definitions: "v1" as const
  }
  const result = { buckets: ["2025-03-01T00:00:00Z"], labels: ["d"], series: lines }
  return Effect.succeed({ keptAt: null, answer: { kind: "trends", result, meta } })
}

const Tiles = SharedTiles.layer.pipe(
  Layer.provide([
    Layer.succeed(Results, { answer: (_, body) => answer(body) }),
    Layer.succeed(Watermark, { current: known, atLeast: () => known }),
    QueryConfig.layerOf({
      dataIngestionUrl: "http://localhost",
      timeout: Duration.seconds(30),
      memoryLimit: 1,
      threads: 1,
      concurrency: 1
    })
  ]),
  Layer.merge(Logger.layer([])),
  Layer.merge(TestClock.layer())
)

const question = (event: string, interval: string): SharedQuestion => ({
  pointer: "",
  query: {
    kind: "trends",
    range: "yesterday",
    interval,
    series: [{ event, measure: "unique_users" }]
  },
  insight: {
    id: "0192f0c1-0000-7000-8000-000000000001",
    version: 1,
    name: event,
    description: "",
    query: {},
    chart: { form: "number" },
    createdBy: "k",
    createdAt: new Date(NOW),
    updatedBy: "k",
    updatedAt: new Date(NOW)
  }
})

const project = { id: 1, timezone: "UTC" }
const looked = question("looked", "day")
const bought = question("bought", "day")

const shown = Effect.fnUntraced(function* (...questions: Array<SharedQuestion>) {
  const { tiles } = yield* (yield* SharedTiles).shown(project, questions, 10)
  return tiles.map((tile) =>
    tile.type === "answer" && Predicate.hasProperty(tile.result, "series")
      ? Object(tile.result).series[0].data[0]
      : tile.type
  )
})

describe("tiles that are shown together", () => {
  const it = withLayer(Tiles)

  it.effect("stay apart while one of them has no answer", () =>
    Effect.gen(function* () {
      expect(yield* shown(looked, bought)).toEqual([14, null])
      world.away.add("looked")
      // Else this number and the next one together tell of two people.
      expect(yield* shown(looked, bought)).toEqual(["problem", "problem"])
      expect(yield* shown(looked, question("bought", "week"))).toEqual(["problem", 12])
      world.away.clear()
      expect(yield* shown(looked, bought)).toEqual([14, null])
    })
  )

  it.effect("have the time of one query together", () =>
    Effect.gen(function* () {
      const slow = Array.from({ length: 9 }, (_, at) => `slow${at}`)
      for (const event of slow) world.slow.add(event)
      const questions = slow.map((event) => question(event, "week"))
      const waiting = yield* Effect.forkChild(shown(looked, ...questions))
      yield* TestClock.adjust("30 seconds")
      const tiles = yield* Fiber.join(waiting)
      expect(tiles).toEqual([14, ...slow.map(() => "problem")])
    })
  )
})
