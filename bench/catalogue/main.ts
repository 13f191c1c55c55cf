import { BatchCountsRepo } from "@analytics/analytics-api/catalogue/BatchCountsRepo"
import { CatalogueRefresh } from "@analytics/analytics-api/catalogue/CatalogueRefresh"
import { CatalogueRepo } from "@analytics/analytics-api/catalogue/CatalogueRepo"
import { ProgressRepo } from "@analytics/analytics-api/catalogue/ProgressRepo"
import { Watermark } from "@analytics/analytics-api/query/Watermark"
import { ClickHouse } from "@analytics/database/ClickHouse"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Clock, Console, Effect, Layer } from "effect"

/**
 * How fast names are suggested, and what counting costs:
 * `bun bench/catalogue/main.ts [millions of events, 10] [names, 10000] [paths, 5000]`, in
 * throw-away stores.
 */
const millions = Number(process.argv[2] ?? "10")
const NAMES = Number(process.argv[3] ?? "10000")
const PATHS = Number(process.argv[4] ?? "5000")
const BATCH = 50_000
const sealed = Date.UTC(2026, 0, 1)

/** A million events of project 1, 20 batches, four properties each of 5,000. */
const million = (index: number) => `
  INSERT INTO events (project_id, event, type, timestamp, received_at, known_at,
    message_id, id_hash, props, context, browser, batch_id)
  SELECT 1, concat('Event number ', toString(cityHash64(n) % ${NAMES})), 'track',
    fromUnixTimestamp64Milli(toInt64(${sealed} + intDiv(n, ${BATCH}) * 1000)) AS at,
    at, at, toString(n), cityHash64(n) % 100000,
    map(concat('path.', toString(n % ${PATHS})), '1',
        concat('path.', toString((n + 1) % ${PATHS})), '"two"',
        concat('path.', toString((n + 2) % ${PATHS})), 'true', 'plan', '"pro"'),
    map('page.path', '"/a"'), 'Firefox',
    bitOr(bitShiftLeft(toUInt64(${sealed} + intDiv(n, ${BATCH}) * 1000), 22), 7)
  FROM (SELECT number + ${index * 1_000_000} AS n FROM numbers(1000000))`

const took = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const from = yield* Clock.currentTimeNanos
    yield* effect
    return Number((yield* Clock.currentTimeNanos) - from) / 1e6
  })

const percentiles = (all: ReadonlyArray<number>) => {
  const sorted = all.toSorted((a, b) => a - b)
  const at = (share: number) =>
    (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1)
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms`
}

const searches = ["", "e", "event", "number 99", "path", "12", "zzz", "EVENT NUMBER 1"]
const repeated = [...Array(40)].flatMap(() => searches)

const program = Effect.gen(function* () {
  const clickhouse = yield* ClickHouse
  const { step } = yield* CatalogueRefresh
  const catalogue = yield* CatalogueRepo
  for (let index = 0; index < millions; index++)
    yield* clickhouse.command(million(index))
  const counting = yield* took(Effect.repeat(step, { while: (behind) => behind }))
  const rate = (millions * 1e6) / counting
  yield* Console.log(
    `${millions} M events counted in ${(counting / 1000).toFixed(1)} s (${rate.toFixed(0)} k/s)`
  )
  yield* Console.log(`a look that finds nothing: ${(yield* took(step)).toFixed(1)} ms`)
  const measure = Effect.fnUntraced(function* <A, E>(
    name: string,
    of: (search: string) => Effect.Effect<A, E>
  ) {
    const times = yield* Effect.forEach(repeated, (search) => took(of(search)))
    yield* Console.log(`${name}: ${percentiles(times)}`)
  })
  yield* measure("events", (search) => catalogue.events(1, { search, limit: 50 }))
  yield* measure("properties", (search) =>
    catalogue.properties(1, { search, limit: 50 })
  )
  yield* measure("properties of an event", (search) =>
    catalogue.properties(1, { search, limit: 50, event: "Event number 1" })
  )
  yield* measure("values", () => catalogue.values(1, "plan"))
})

const WatermarkLive = Layer.succeed(Watermark, {
  current: Effect.succeed({
    watermark: sealed + 86_400_000,
    ingestLagMs: 0,
    isStale: false
  }),
  atLeast: () => Effect.die("nobody asks")
})

await Effect.runPromise(
  program.pipe(
    Effect.provide(
      Layer.mergeAll(CatalogueRepo.layer, CatalogueRefresh.layer).pipe(
        Layer.provide([BatchCountsRepo.layer, ProgressRepo.layer, WatermarkLive]),
        Layer.provideMerge(Layer.mergeAll(TestPostgres.client, TestClickHouse.client))
      )
    )
  )
)
