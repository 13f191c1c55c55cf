import { expect } from "bun:test"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { ClickHouse, make } from "@analytics/database/ClickHouse"
import { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Topology } from "@analytics/database/Topology"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import * as ClickHouseStore from "../src/ClickHouseStore.ts"
import { withDatabase } from "../src/Databases.ts"
import { parse } from "../src/Migration.ts"

const migration = parse(
  "1_m.sql",
  `-- migrate:up
CREATE TABLE a (x Int8) ENGINE = MergeTree ORDER BY x;
ALTER TABLE events ADD COLUMN extra String;
CREATE TABLE b (x Int8) ENGINE = MergeTree ORDER BY x;
-- migrate:down
DROP TABLE b;
ALTER TABLE events DROP COLUMN extra;
DROP TABLE a;
`,
  "clickhouse"
)

/** What each node has, by its own word. */
const made = Effect.gen(function* () {
  const clickhouse = yield* ClickHouse
  const rows = yield* clickhouse.query<{ what: string; nodes: string }>(
    `SELECT if(table IN ('a', 'b'), table, concat(table, '.', name)) AS what,
            toString(count()) AS nodes
       FROM ${clickhouse.topology.onEveryNode("system.columns")}
      WHERE database = currentDatabase()
        AND (table IN ('a', 'b') OR name = 'extra')
      GROUP BY what ORDER BY what`
  )
  return rows.map(({ nodes, what }) => `${what} ${nodes}`)
})

/** Dies when it is about to send its n-th statement: the ones before it have happened. */
const dyingAt = (real: ClickHouse["Service"], at: number): ClickHouse["Service"] => {
  let sent = 0
  const dying = <A>(sql: string, go: Effect.Effect<A, ClickHouseError>) =>
    Effect.suspend(() =>
      /^\s*SELECT/.test(sql) || ++sent < at
        ? go
        : Effect.fail(
            new ClickHouseError({ kind: "transient", reason: "cut off", queryId: "" })
          )
    )
  return {
    ...real,
    query: (sql, options) => dying(sql, real.query(sql, options)),
    command: (sql, options) => dying(sql, real.command(sql, options))
  }
}

if (process.env["TEST_LONG"] === "1") {
  const it = withLayer(TestClickHouse.clusterClient)

  it.effect("goes on where a run was cut off, up and down, on every node", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const store = ClickHouseStore.make(clickhouse)
      yield* store.prepare
      yield* store.run(migration, "up")
      // Each statement is announced, sent and at the end recorded.
      for (const at of [2, 5, 9])
        for (const direction of ["down", "up"] as const) {
          yield* Effect.flip(
            ClickHouseStore.make(dyingAt(clickhouse, at)).run(migration, direction)
          )
          yield* store.run(migration, direction)
          expect(yield* made).toEqual(
            direction === "up"
              ? ["a 2", "b 2", "events.extra 2", "events_local.extra 2"]
              : []
          )
        }
      expect(yield* made).toHaveLength(4)
    })
  )

  it.effect("names the node that refused, and finishes there", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const store = ClickHouseStore.make(clickhouse)
      yield* store.run(migration, "down")
      const [row] = yield* clickhouse.query<{ name: string }>(
        "SELECT currentDatabase() AS name"
      )
      const { nodes } = yield* TestClickHouse.Cluster
      const onOne = (sql: string) =>
        Effect.promise(() =>
          fetch(`http://127.0.0.1:${nodes[1]?.http}/?database=${row?.name}`, {
            method: "POST",
            body: sql
          })
        )
      yield* onOne("CREATE TABLE b (y Int8) ENGINE = Memory")
      const error = yield* Effect.flip(store.run(migration, "up"))
      expect(error.message).toContain(`127.0.0.1:${nodes[1]?.tcp} refused it`)
      yield* onOne("DROP TABLE b SYNC")
      yield* store.run(migration, "up")
      expect(yield* made).toHaveLength(4)
    })
  )

  it.effect("refuses tables of another kind of store", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const single = ClickHouseStore.make({ ...clickhouse, topology: new Topology() })
      const error = yield* Effect.flip(single.prepare)
      expect(error.message).toContain("CLICKHOUSE_CLUSTER")
    })
  )

  it.effect("refuses a cluster of which some node holds tables of its own", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const config = yield* ClickHouseConfig
      const { nodes } = yield* TestClickHouse.Cluster
      yield* clickhouse.command(`CREATE DATABASE own ${clickhouse.topology.onCluster}`)
      for (const table of ["a", "b"])
        yield* Effect.promise(() =>
          fetch(`http://127.0.0.1:${nodes[1]?.http}/?database=own`, {
            method: "POST",
            body: `CREATE TABLE ${table} (x Int8) ENGINE = MergeTree ORDER BY x`
          })
        )
      const own = yield* make({ ...config, url: withDatabase(config.url, "own") })
      // Whichever node is asked.
      for (const _ of nodes) {
        const error = yield* Effect.flip(ClickHouseStore.make(own).prepare)
        expect(error.message).toContain("CLICKHOUSE_CLUSTER")
      }
    }).pipe(Effect.scoped)
  )
}
