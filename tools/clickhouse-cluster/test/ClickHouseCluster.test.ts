import { expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect, Layer } from "effect"

const layer = ClickHouse.layer.pipe(Layer.provideMerge(TestClickHouse.clusterLayer))

const it = withLayer(layer)
it.effect(
  "splits events by person and keeps every other table whole on every node",
  () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      yield* clickhouse.command(
        `INSERT INTO events (project_id, event, timestamp, id_hash, message_id, batch_id)
       SELECT 7, 'a', toDateTime64('2025-03-01', 3, 'UTC'), number, toString(number), 1
         FROM numbers(100)`
      )
      const shards = yield* clickhouse.query(
        "SELECT _shard_num AS shard, count() AS n FROM events GROUP BY shard ORDER BY shard"
      )
      expect(shards).toEqual([
        { shard: 1, n: "50" },
        { shard: 2, n: "50" }
      ])
      yield* clickhouse.command("INSERT INTO person_links SELECT 7, 1, 2, now64(3), 1")
      const links = yield* clickhouse.query(
        `SELECT count() AS n FROM ${clickhouse.topology.everyCopyOf("person_links")}`
      )
      expect(links).toEqual([{ n: "2" }])
      yield* clickhouse.command(
        clickhouse.topology.alter("events", "DELETE WHERE id_hash < 50"),
        { settings: { mutations_sync: "2" } }
      )
      const left = yield* clickhouse.query(
        `SELECT count() AS n FROM ${clickhouse.topology.everyCopyOf("events")}`
      )
      expect(left).toEqual([{ n: "50" }])
    })
)
