import { ClickHouse } from "@analytics/database/ClickHouse"
import { defaultFeatures } from "@analytics/ml-models/features/defaultFeatures"
import type { FeatureSpec } from "@analytics/ml-models/features/FeatureSpec"
import {
  partsFor,
  ROWS_FORMAT,
  type RowsStatement,
  scoringRows,
  trainingRows
} from "@analytics/ml-models/features/featureRows"
import { RowReader } from "@analytics/ml-models/features/RowReader"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Console, Duration, Effect, Stream } from "effect"

/**
 * How long it takes to compute features and read them: `bun bench/features/main.ts`, in a
 * throw-away store. Events (`BENCH_ROWS`) of 90 days, people a tenth of them.
 */
const sizes = (process.env["BENCH_ROWS"] ?? "1000000,5000000").split(",").map(Number)
const CHUNK = 1_000_000
const DAY = 86_400_000
const END = Date.UTC(2026, 6, 1)
const NAMES =
  "['Product Viewed', 'Product Added', 'Checkout Started', '$pageview', 'Order Completed']"

const chunkSql = (project: number, people: number, offset: number, rows: number) => `
  INSERT INTO events (project_id, event, type, timestamp, received_at, known_at,
    message_id, user_id, anonymous_id, id_hash, props, batch_id)
  SELECT ${project}, ${NAMES}[multiIf(a < 45, 4, a < 75, 1, a < 90, 2, a < 97, 3, 5)] AS event,
    if(event = '$pageview', 'page', 'track'),
    fromUnixTimestamp64Milli(toInt64(${END - 90 * DAY} + cityHash64(n, 2) % ${90 * DAY})) AS at,
    at, at, concat('m', toString(n)), if(who % 3 = 0, concat('user-', toString(who)), ''),
    concat('3f2c8a1e-', toString(who)), cityHash64(${project}, who),
    map('plan', ['"pro"', '"free"', '"team"'][1 + who % 3],
      'price', toString((cityHash64(n, 3) % 10000) / 100),
      'sku', concat('"sku-', toString(cityHash64(n, 4) % 5000), '"'),
      'quantity', toString(cityHash64(n, 6) % 9)), 1
  FROM (SELECT number + ${offset} AS n, cityHash64(n, 1) % 100 AS a,
    toUInt64(pow(cityHash64(n, 7) % 1000000 / 1000000, 1.5) * ${people}) AS who
    FROM numbers(${rows}))`

const linksSql = (project: number, people: number) => `
  INSERT INTO person_links (project_id, id_hash, person, known_at, version)
  SELECT ${project}, cityHash64(${project}, number * 10),
    cityHash64(${project}, number * 10 + 1), fromUnixTimestamp64Milli(toInt64(0)), 1
  FROM numbers(${Math.floor(people / 10)})`

const features = (most: number): ReadonlyArray<FeatureSpec> =>
  defaultFeatures(
    ["Product Viewed", "Product Added", "Checkout Started", "Order Completed"].map(
      (name) => ({ name, numbers: ["price", "quantity"] })
    )
  ).slice(0, most)

const read = Effect.fnUntraced(function* (
  statements: ReadonlyArray<RowsStatement>,
  columns: number,
  carried: "label" | "ids"
) {
  const clickhouse = yield* ClickHouse
  const from = performance.now()
  let rows = 0
  let decoding = 0
  for (const { params, sql } of statements) {
    const reader = new RowReader({ features: columns, with: carried })
    yield* Stream.runForEach(
      clickhouse.stream(sql, {
        params,
        format: ROWS_FORMAT,
        timeout: Duration.minutes(5)
      }),
      (chunk) =>
        Effect.sync(() => {
          const begun = performance.now()
          rows += reader.read(chunk).rows
          decoding += performance.now() - begun
        })
    )
    if (!reader.isWhole) yield* Effect.die("an answer was cut off")
  }
  const seconds = ((performance.now() - from) / 1000).toFixed(2)
  return `${rows} rows in ${seconds} s, of which reading them ${(decoding / 1000).toFixed(2)} s`
})

const program = Effect.gen(function* () {
  const clickhouse = yield* ClickHouse
  for (const [index, events] of sizes.entries()) {
    const projectId = index + 1
    const people = Math.floor(events / 10)
    for (let offset = 0; offset < events; offset += CHUNK)
      yield* clickhouse.command(
        chunkSql(projectId, people, offset, Math.min(CHUNK, events - offset)),
        { timeout: Duration.minutes(5) }
      )
    yield* clickhouse.command(linksSql(projectId, people))
    const context: Parameters<typeof trainingRows>[1] = {
      projectId,
      timezone: "UTC",
      now: END,
      watermark: END,
      hasLinks: false
    }
    const asked = (most: number) => ({
      features: features(most),
      population: {},
      target: { event: "Order Completed", days: 14 },
      cuts: [END - 15 * DAY]
    })
    const measure = Effect.fnUntraced(function* (
      name: string,
      statements: ReadonlyArray<RowsStatement>,
      columns: number,
      carried: "label" | "ids" = "label"
    ) {
      yield* Console.log(
        `${events} events, ${name}: ${yield* read(statements, columns, carried)}`
      )
    })
    for (const most of [1, 15, features(200).length])
      yield* measure(
        `one cut, ${most} features`,
        yield* trainingRows(asked(most), context),
        most
      )
    const all = features(200).length
    const parts = partsFor(people)
    const linked = { ...context, hasLinks: true, removals: true }
    yield* measure(
      `${all} features, ${parts} parts`,
      yield* trainingRows({ ...asked(all), parts }, context),
      all
    )
    yield* measure(
      `${all} features, ${parts} parts, links and removals`,
      yield* trainingRows({ ...asked(all), parts }, linked),
      all
    )
    yield* measure(
      `scoring, ${all} features, ${parts} parts, links and removals`,
      yield* scoringRows({ ...asked(all), parts }, linked),
      all,
      "ids"
    )
  }
})

await Effect.runPromise(Effect.provide(program, TestClickHouse.client))
process.exit(0)
