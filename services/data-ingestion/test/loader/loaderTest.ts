import { LoaderConfig } from "@analytics/config/LoaderConfig"
import {
  encodeFrame,
  encodeLine,
  type InboxEvent
} from "@analytics/data-processing/InboxEvent"
import { monthOf } from "@analytics/data-processing/Months"
import { uniqueId } from "@analytics/data-processing/UniqueId"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Installation } from "@analytics/database/Installation"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Duration, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { InboxPartitions } from "../../src/inbox/InboxPartitions.ts"
import type { Lane } from "../../src/loader/Batch.ts"
import { Countries } from "../../src/loader/Countries.ts"
import { loaderLayer } from "../../src/loader/layers.ts"
import type { Settled } from "../../src/loader/Settled.ts"

const withStores = <A, E, R>(databases: Layer.Layer<A, E, R>) =>
  Layer.mergeAll(InboxPartitions.layer, Installation.layer, Countries.layer).pipe(
    Layer.provideMerge(databases),
    Layer.provide(
      LoaderConfig.layerOf({
        geoipDatabase: Option.none(),
        inboxRetention: Duration.hours(24),
        purgeInterval: Duration.hours(1)
      })
    )
  )

/** Both stores, empty, with partitions to receive into. */
export const stores = withStores(
  Layer.mergeAll(TestPostgres.client, TestClickHouse.client)
)

/** The same over two shards. */
export const shardedStores = withStores(
  Layer.mergeAll(TestPostgres.client, TestClickHouse.clusterClient)
)

/** A batch whose events left no trace. */
export const nothing: Settled = {
  outcomes: [],
  quarantined: [],
  dropped: [],
  violations: []
}

/** A loader process that starts, as after a crash: nothing in memory, a new epoch. */
export const freshLoader = loaderLayer(0)

export const AT = Date.parse("2026-03-10T12:00:00Z")

/** A track by `u1` of project 1 that differs by what is given. */
export const track = (m: string, given: Partial<InboxEvent> = {}): InboxEvent => ({
  p: 1,
  m,
  t: AT,
  r: AT,
  y: "track",
  e: "bought",
  u: "u1",
  ...given
})

/** One inbox row, as the receiver commits it. */
export const receive = (
  events: ReadonlyArray<InboxEvent>,
  options: { readonly lane?: Lane; readonly bytes?: number } = {}
) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const lines = events.map(encodeLine)
    const counts = Map.groupBy(events, (event) => event.p)
    const id = uniqueId()
    yield* sql`INSERT INTO ingest.inbox ${sql.insert({
      id,
      shard: 0,
      lane: options.lane ?? "live",
      events: events.length,
      bytes: options.bytes ?? lines.join("\n").length,
      projectIds: [...counts.keys()].map(BigInt),
      projectCounts: [...counts.values()].map((own) => own.length),
      months: [...new Set(events.map(({ t }) => monthOf(t)))],
      frame: encodeFrame(lines)
    })}`
    return id
  })

/** Stored events by message, each as often as it is stored. */
export const storedMessages = Effect.gen(function* () {
  const clickHouse = yield* ClickHouse
  const rows = yield* clickHouse.query<{ m: string }>(
    "SELECT concat(toString(project_id), ' ', message_id) AS m FROM events ORDER BY m"
  )
  return rows.map(({ m }) => m)
})

/** `{"1 stored": 3, …}` */
export const outcomes = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ key: string; events: bigint }>`
    SELECT concat_ws(' ', project_id, outcome, nullif(reason, '')) AS key, events
      FROM ingest.outcomes ORDER BY key`
  return Object.fromEntries(rows.map(({ key, events }) => [key, Number(events)]))
})
