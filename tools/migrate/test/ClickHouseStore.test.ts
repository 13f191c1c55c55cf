import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { ClickHouseError } from "@analytics/database/ClickHouseError"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import * as ClickHouseStore from "../src/ClickHouseStore.ts"
import { parse } from "../src/Migration.ts"

const migration = (up: string, down = "SELECT 1") =>
  parse("1_m.sql", `-- migrate:up\n${up};\n-- migrate:down\n${down};\n`, "clickhouse")

const threeSteps = migration(
  `CREATE TABLE a (x Int8) ENGINE = MergeTree ORDER BY x;
   ALTER TABLE a ADD COLUMN y Int8;
   CREATE TABLE b (x Int8) ENGINE = MergeTree ORDER BY x`,
  "DROP TABLE b; ALTER TABLE a DROP COLUMN y; DROP TABLE a"
)

/** Dies when it is about to send its n-th command: the ones before it have happened. */
const dyingAt = (
  clickhouse: ClickHouse["Service"],
  at: number
): ClickHouse["Service"] => {
  let sent = 0
  return {
    ...clickhouse,
    command: (sql, options) =>
      Effect.suspend(() => {
        sent += 1
        return sent < at
          ? clickhouse.command(sql, options)
          : Effect.fail(
              new ClickHouseError({ kind: "transient", reason: "cut off", queryId: "" })
            )
      })
  }
}

const clean = Effect.gen(function* () {
  const clickhouse = yield* ClickHouse
  for (const table of ["a", "b", "schema_migrations"])
    yield* clickhouse.command(`DROP TABLE IF EXISTS ${table}`)
  const store = ClickHouseStore.make(clickhouse)
  yield* store.prepare
  return { clickhouse, store }
})

const tables = Effect.flatMap(ClickHouse, (clickhouse) =>
  clickhouse.query<{ table: string; name: string }>(
    `SELECT table, name FROM system.columns
      WHERE database = currentDatabase() AND table IN ('a', 'b') ORDER BY ALL`
  )
)
const made = [
  { table: "a", name: "x" },
  { table: "a", name: "y" },
  { table: "b", name: "x" }
]

describe("ClickHouseStore", () => {
  const it = withLayer(TestClickHouse.client)

  it.effect("continues a run that was cut off at any moment, up and down", () =>
    Effect.gen(function* () {
      const { clickhouse, store } = yield* clean
      // Four records around three statements make seven moments to die at.
      for (let at = 1; at <= 7; at++) {
        for (const direction of ["up", "down"] as const) {
          const dying = ClickHouseStore.make(dyingAt(clickhouse, at))
          yield* Effect.flip(dying.run(threeSteps, direction))
          const applied = (yield* store.applied).length === 1
          if (applied !== (direction === "up")) yield* store.run(threeSteps, direction)
          expect(yield* store.unfinished).toBeUndefined()
          expect((yield* store.applied).length).toBe(direction === "up" ? 1 : 0)
          expect(yield* tables).toEqual(direction === "up" ? made : [])
        }
      }
    })
  )

  it.effect("names a run that was cut off", () =>
    Effect.gen(function* () {
      const { clickhouse, store } = yield* clean
      yield* Effect.flip(
        ClickHouseStore.make(dyingAt(clickhouse, 4)).run(threeSteps, "up")
      )
      expect(yield* store.unfinished).toEqual({ version: "1", direction: "up" })
      expect(yield* store.applied).toEqual([])
    })
  )

  it.effect("does not take another's table for its own after a plain failure", () =>
    Effect.gen(function* () {
      const { clickhouse, store } = yield* clean
      yield* clickhouse.command("CREATE TABLE a (z Int8) ENGINE = MergeTree ORDER BY z")
      for (let round = 0; round < 2; round++)
        expect(yield* Effect.flip(store.run(threeSteps, "up"))).toMatchObject({
          _tag: "StatementFailed",
          cause: { code: 57 }
        })
      expect(yield* store.unfinished).toBeUndefined()
    })
  )

  it.effect("refuses to continue with another text than it began with", () =>
    Effect.gen(function* () {
      const { clickhouse, store } = yield* clean
      yield* Effect.flip(
        ClickHouseStore.make(dyingAt(clickhouse, 4)).run(threeSteps, "up")
      )
      const changed = migration("CREATE TABLE c (x Int8) ENGINE = MergeTree ORDER BY x")
      const error = yield* Effect.flip(store.run(changed, "up"))
      expect(error.message).toContain("the file changed after 1 of 3 statements")
    })
  )

  it.effect(
    "does not repeat an INSERT that may have happened, and says how to go on",
    () =>
      Effect.gen(function* () {
        const { clickhouse, store } = yield* clean
        const filling = migration(
          `CREATE TABLE a (x Int8) ENGINE = MergeTree ORDER BY x;
         INSERT INTO a SELECT 1;
         CREATE TABLE b (x Int8) ENGINE = MergeTree ORDER BY x`
        )
        yield* Effect.flip(
          ClickHouseStore.make(dyingAt(clickhouse, 5)).run(filling, "up")
        )
        const error = yield* Effect.flip(store.run(filling, "up"))
        const [, remedy = ""] = /Then: (INSERT .*)$/m.exec(error.message) ?? []
        yield* clickhouse.command(remedy)
        yield* store.run(filling, "up")
        expect(yield* clickhouse.query("SELECT x FROM a")).toEqual([{ x: 1 }])
        expect((yield* store.applied).length).toBe(1)
      })
  )
})
