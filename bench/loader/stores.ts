import { LoaderConfig } from "@analytics/config/LoaderConfig"
import { InboxPartitions } from "@analytics/data-ingestion/inbox/InboxPartitions"
import { Countries } from "@analytics/data-ingestion/loader/Countries"
import {
  encodeFrame,
  encodeLine,
  type InboxEvent
} from "@analytics/data-processing/InboxEvent"
import { monthOf } from "@analytics/data-processing/Months"
import { uniqueId } from "@analytics/data-processing/UniqueId"
import { Installation } from "@analytics/database/Installation"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Duration, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"

/** Both stores, empty and migrated, and what a loader needs besides. */
export const stores = Layer.mergeAll(
  InboxPartitions.layer,
  Installation.layer,
  Countries.layer
).pipe(
  Layer.provideMerge(Layer.mergeAll(TestPostgres.client, TestClickHouse.client)),
  Layer.provide(
    LoaderConfig.layerOf({
      geoipDatabase: Option.none(),
      inboxRetention: Duration.hours(24),
      purgeInterval: Duration.hours(1)
    })
  )
)

/** Commits one inbox row and answers the size of its lines. */
export const receive = Effect.fnUntraced(function* (events: ReadonlyArray<InboxEvent>) {
  const sql = yield* SqlClient.SqlClient
  const lines = events.map(encodeLine)
  const bytes = lines.join("\n").length
  const projects = Map.groupBy(events, ({ p }) => p)
  yield* sql`INSERT INTO ingest.inbox ${sql.insert({
    id: uniqueId(),
    shard: 0,
    lane: "live",
    events: lines.length,
    bytes,
    projectIds: [...projects.keys()].map(BigInt),
    projectCounts: [...projects.values()].map((own) => own.length),
    months: [...new Set(events.map(({ t }) => monthOf(t)))],
    frame: encodeFrame(lines)
  })}`
  return bytes
})

const userAgent =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"

/** A track with twenty properties and a usual context, by one of 5,000 users. */
export const eventOf = (n: number, timestamp: number): InboxEvent => ({
  p: 1 + (n % 3),
  m: `018f-${n.toString(36)}-message`,
  t: Math.round(timestamp),
  r: Date.now(),
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
