import { LoaderConfig } from "@analytics/config/LoaderConfig"
import { InboxPartitions } from "@analytics/data-ingestion/inbox/InboxPartitions"
import { Countries } from "@analytics/data-ingestion/loader/Countries"
import { Loader } from "@analytics/data-ingestion/loader/Loader"
import { loaderLayer } from "@analytics/data-ingestion/loader/layers"
import {
  encodeFrame,
  encodeLine,
  type InboxEvent
} from "@analytics/data-processing/InboxEvent"
import { uniqueId } from "@analytics/data-processing/UniqueId"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Installation } from "@analytics/database/Installation"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Duration, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"

/**
 * How many events a second a loader moves from a full inbox to the event store, exact
 * duplicates check included: `bun bench/loader/sustained.ts [events] [sent again, 0 to 1]`.
 */
const EVENTS = Number(process.argv[2] ?? 600_000)
const AGAIN = Number(process.argv[3] ?? 0.02)
/** What a busy receiver puts into one row. */
const ROW_EVENTS = 1_000

const stores = Layer.mergeAll(
  InboxPartitions.layer,
  Installation.layer,
  Countries.layer
).pipe(
  Layer.provideMerge(Layer.mergeAll(TestPostgres.client, TestClickHouse.client)),
  Layer.provide(
    LoaderConfig.layerOf({
      geoipDatabase: Option.none(),
      inboxRetention: Duration.hours(24)
    })
  )
)

const userAgent =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"

/** A track with twenty properties, a hundred bytes of context and a user of 5,000. */
const eventOf = (n: number, now: number): InboxEvent => ({
  p: 1 + (n % 3),
  m: `018f-${n.toString(36)}-message`,
  t: Math.round(now - 20 * 86_400_000 * (1 - n / EVENTS)),
  r: now,
  y: "track",
  e: `event ${n % 40}`,
  ...(n % 3 === 0 ? {} : { u: `user-${n % 5_000}` }),
  a: `3f2a7c1e-anonymous-${n % 5_000}`,
  d: {
    product: `sku-${n % 1000}`,
    price: (n % 10_000) / 100,
    quantity: n % 7,
    currency: "EUR",
    category: `category ${n % 20}`,
    variant: "blue",
    brand: "Acme",
    coupon: "",
    position: n % 12,
    list: "search results",
    query: "running shoes",
    logged_in: n % 2 === 0,
    plan: "free",
    experiment: "B",
    step: n % 5,
    duration_ms: n % 60_000,
    referrer_page: "/category/shoes",
    tags: ["new", "sale"],
    cart: { items: n % 4, total: n % 300 }
  },
  c: {
    userAgent,
    locale: "de-DE",
    page: {
      path: `/p/${n % 500}`,
      url: `https://shop.example/p/${n % 500}?utm_source=x`
    }
  }
})

const fill = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const now = Date.now()
  let bytes = 0
  for (let at = 0; at < EVENTS; at += ROW_EVENTS) {
    const lines = Array.from({ length: Math.min(ROW_EVENTS, EVENTS - at) }, (_, i) => {
      const again = at > 0 && i < ROW_EVENTS * AGAIN
      return encodeLine(eventOf(again ? i : at + i, now))
    })
    const size = lines.join("\n").length
    bytes += size
    yield* sql`INSERT INTO ingest.inbox ${sql.insert({
      id: uniqueId(),
      shard: 0,
      lane: "live",
      events: lines.length,
      bytes: size,
      projectIds: [1n],
      projectCounts: [lines.length],
      frame: encodeFrame(lines)
    })}`
  }
  return bytes
})

const program = Effect.gen(function* () {
  const bytes = yield* fill
  yield* Effect.log(`${EVENTS} events of ${Math.round(bytes / EVENTS)} bytes`)
  const loader = yield* Loader
  const cpu = process.cpuUsage()
  const start = performance.now()
  yield* loader.drain
  const seconds = (performance.now() - start) / 1000
  const used = process.cpuUsage(cpu)
  const clickHouse = yield* ClickHouse
  const [stored] = yield* clickHouse.query<{ n: string; messages: string }>(
    "SELECT count() AS n, uniqExact(project_id, message_id) AS messages FROM events"
  )
  yield* Effect.log("loaded", {
    eventsPerSecond: Math.round(EVENTS / seconds),
    seconds,
    loaderCpuSeconds: (used.user + used.system) / 1e6,
    stored,
    memoryMiB: Math.round(process.memoryUsage.rss() / 1024 / 1024)
  })
})

Effect.runPromise(
  program.pipe(Effect.provide(loaderLayer(0)), Effect.provide(stores), Effect.scoped)
)
