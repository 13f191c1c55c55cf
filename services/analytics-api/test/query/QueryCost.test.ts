import { describe, expect } from "bun:test"
import { statement } from "@analytics/analytics-core/query/Compiled"
import { sql, uint32 } from "@analytics/analytics-core/query/Sql"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Topology } from "@analytics/database/Topology"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect, Layer } from "effect"
import { QueryCost } from "../../src/query/QueryCost.ts"

const events = (project: number, count: number) => `
  INSERT INTO events (project_id, event, type, timestamp, received_at, known_at,
                      message_id, id_hash, batch_id)
  SELECT ${project}, 'a', 'track', toDateTime64('2026-01-01 00:00:00', 3, 'UTC') AS at,
         at, at, toString(number), number, ${project}
    FROM numbers(${count})`

describe("the cost of a query", () => {
  const { effect } = withLayer(
    QueryCost.layer.pipe(Layer.provideMerge(TestClickHouse.client))
  )

  effect("is that of the rows its index cannot rule out", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      yield* clickhouse.command(events(1, 100_000))
      yield* clickhouse.command(events(2, 10))
      const cost = yield* QueryCost
      const scan = (project: number) =>
        statement(
          "scan",
          sql`SELECT uniqExact(id_hash) FROM events
              WHERE project_id = ${uint32(project)} AND NOT match(message_id, 'x')`
        )
      const large = yield* cost.estimate([scan(1)])
      expect(large.rows).toBeGreaterThanOrEqual(100_000)
      const both = yield* cost.estimate([scan(1), scan(1)])
      expect(both.rows).toBe(2 * large.rows)
      expect((yield* cost.estimate([scan(2)])).rows).toBeLessThan(100_000)
      expect(yield* cost.sizeOf(1)).toBeGreaterThanOrEqual(100_000)
      expect((yield* cost.estimate([scan(3)])).rows).toBe(0)
    })
  )
})

describe("the cost of a query over two shards", () => {
  let looks = 0
  /** One node that says it is of two, and does not say so at the first look. */
  const cluster = Layer.effect(
    ClickHouse,
    Effect.map(ClickHouse, (real) =>
      ClickHouse.of({
        ...real,
        topology: new Topology("two"),
        query: <Row>(text: string, options?: Parameters<typeof real.query>[1]) => {
          if (!text.includes("system.clusters")) return real.query<Row>(text, options)
          return ++looks === 1
            ? Effect.fail(
                new ClickHouseError({ kind: "transient", reason: "gone", queryId: "" })
              )
            : real.query<Row>("SELECT '2' AS shards")
        }
      })
    )
  )
  const { effect } = withLayer(
    QueryCost.layer.pipe(
      Layer.provide(cluster),
      Layer.provideMerge(TestClickHouse.client)
    )
  )

  effect(
    "is known again once the cluster could be asked, and not asked each time",
    () =>
      Effect.gen(function* () {
        yield* (yield* ClickHouse).command(events(1, 10_000))
        const cost = yield* QueryCost
        const scan = statement(
          "scan",
          sql`SELECT message_id FROM events WHERE project_id = ${uint32(1)}`
        )
        expect((yield* Effect.flip(cost.estimate([scan])))._tag).toBe(
          "QueriesUnavailable"
        )
        expect((yield* cost.estimate([scan])).rows).toBe(20_000)
        expect((yield* cost.estimate([scan])).rows).toBe(20_000)
        expect(looks).toBe(2)
      })
  )
})
