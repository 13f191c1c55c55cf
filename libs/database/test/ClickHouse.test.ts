import { describe, expect } from "bun:test"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Duration, Effect, Fiber, Schedule } from "effect"
import { ClickHouse, make } from "../src/ClickHouse.ts"

const links = "project_id, id_hash, person, known_at, version"
const link = (version: string) =>
  `${JSON.stringify({
    project_id: 1,
    id_hash: "18446744073709551615",
    person: "7",
    known_at: "2026-01-01 00:00:00.000",
    version
  })}\n`

const running = Effect.fnUntraced(function* (queryId: string) {
  const clickhouse = yield* ClickHouse
  const rows = yield* clickhouse.query(
    "SELECT 1 FROM system.processes WHERE Settings['log_comment'] = {id:String}",
    { params: { id: queryId } }
  )
  return rows.length > 0
})

/** Reads for a minute unless it is killed. */
const slow = "SELECT count() FROM numbers(1000000000000) WHERE sleepEachRow(0.01) = 1"
const slowSettings = {
  max_block_size: "10",
  function_sleep_max_microseconds_per_block: "10000000"
}

describe("ClickHouse", () => {
  const it = withLayer(TestClickHouse.client)

  it.effect("sends values as parameters and keeps all digits", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const text = "'; DROP TABLE events; --\n\t\\ \u0000 ü"
      expect(
        yield* clickhouse.query(
          "SELECT {text:String} AS text, {big:UInt64} AS big, {list:Array(String)} AS list",
          { params: { text, big: 18446744073709551615n, list: ["a'b", text] } }
        )
      ).toEqual([{ text, big: "18446744073709551615", list: ["a'b", text] }])
    })
  )

  it.effect("answers by position with types", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      expect(yield* clickhouse.table("SELECT 1 AS a, 'x' AS b")).toEqual({
        columns: [
          { name: "a", type: "UInt8" },
          { name: "b", type: "String" }
        ],
        rows: [[1, "x"]],
        rowsRead: 1,
        bytesRead: 1
      })
    })
  )

  it.effect("answers bytes in any format", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      expect(
        yield* clickhouse.bytes("SELECT toUInt64(258)", { format: "RowBinary" })
      ).toEqual(Buffer.from([2, 1, 0, 0, 0, 0, 0, 0]))
    })
  )

  it.effect("takes lists too long for a URL", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const ids = Array.from({ length: 20_000 }, (_, index) => `message-${index}`)
      expect(
        yield* clickhouse.query("SELECT length({ids:Array(String)}) AS length", {
          params: { ids }
        })
      ).toEqual([{ length: "20000" }])
    })
  )

  it.effect("inserts the bytes it is given and counts the rows", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const written = yield* clickhouse.insert({
        table: "person_links",
        columns: links.split(", "),
        body: new TextEncoder().encode(link("1") + link("2")),
        format: "JSONEachRow"
      })
      expect(written).toEqual({ writtenRows: 2 })
      expect(
        yield* clickhouse.query(
          "SELECT toString(id_hash) AS id, version FROM person_links ORDER BY version"
        )
      ).toEqual([
        { id: "18446744073709551615", version: "1" },
        { id: "18446744073709551615", version: "2" }
      ])
    })
  )

  it.effect("never runs what a body says", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      yield* clickhouse.command(
        "CREATE TABLE victim (a String) ENGINE = MergeTree ORDER BY a"
      )
      const outcome = yield* Effect.exit(
        clickhouse.insert({
          table: "victim",
          body: '{"a":"x"}\n\nDROP TABLE victim\n',
          format: "JSONEachRow"
        })
      )
      expect(outcome._tag).toBe("Failure")
      expect(yield* clickhouse.query("EXISTS TABLE victim")).toEqual([{ result: 1 }])
    })
  )

  it.effect("blames the data for what the data did", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const insert = (body: string) =>
        clickhouse.insert({ table: "person_links", body, format: "JSONEachRow" })
      expect(yield* Effect.flip(insert('{"project_id":"x"}\n'))).toMatchObject({
        kind: "data"
      })
      // A cut body may be the connection's doing: bisecting would blame an innocent row.
      expect(yield* Effect.flip(insert('{"project_id":'))).toMatchObject({
        kind: "transient"
      })
      const missing = clickhouse.insert({
        table: "nowhere",
        body: "{}\n",
        format: "JSONEachRow"
      })
      expect(yield* Effect.flip(missing)).toMatchObject({ kind: "query", code: 60 })
    })
  )

  it.effect("tells partitions in a block (data) from parts in a table (server)", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      yield* clickhouse.command(
        "CREATE TABLE scattered (a UInt32) ENGINE = MergeTree PARTITION BY a ORDER BY a"
      )
      const body = Array.from({ length: 101 }, (_, a) => `{"a":${a}}\n`).join("")
      const scattered = clickhouse.insert({
        table: "scattered",
        body,
        format: "JSONEachRow"
      })
      expect(yield* Effect.flip(scattered)).toMatchObject({ kind: "data", code: 252 })
      yield* clickhouse.command(
        `CREATE TABLE crowded (a UInt32) ENGINE = MergeTree ORDER BY a
         SETTINGS parts_to_throw_insert = 1, parts_to_delay_insert = 1, max_delay_to_insert = 0`
      )
      yield* clickhouse.command("SYSTEM STOP MERGES crowded")
      const crowd = clickhouse.insert({
        table: "crowded",
        body: '{"a":1}\n',
        format: "JSONEachRow"
      })
      const failure = yield* Effect.flip(Effect.repeat(crowd, { times: 5 }))
      expect(failure).toMatchObject({ kind: "transient", code: 252 })
    })
  )

  it.effect("calls a wrong statement a query error and a full memory transient", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      expect(yield* Effect.flip(clickhouse.query("SELEC 1"))).toMatchObject({
        kind: "query",
        code: 62
      })
      expect(
        yield* Effect.flip(
          clickhouse.query("SELECT groupArray(number) FROM numbers(100000000)", {
            settings: { max_memory_usage: "10000000" }
          })
        )
      ).toMatchObject({ kind: "transient", code: 241 })
    })
  )

  it.effect("fails whole when an answer breaks in the middle", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const late = "SELECT throwIf(number = 999999) AS x, number FROM numbers(1000000)"
      expect(yield* Effect.flip(clickhouse.query(late))).toMatchObject({ code: 395 })
    })
  )

  it.effect("kills the query of an interrupted effect", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const queryId = crypto.randomUUID()
      const fiber = yield* Effect.forkChild(
        clickhouse.query(slow, { queryId, settings: slowSettings })
      )
      yield* until(running(queryId))
      yield* Fiber.interrupt(fiber)
      yield* until(Effect.map(running(queryId), (alive) => !alive))
    })
  )

  it.effect("reports a killed query as cancelled, once it is gone", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const queryId = crypto.randomUUID()
      const fiber = yield* Effect.forkChild(
        Effect.flip(clickhouse.query(slow, { queryId, settings: slowSettings }))
      )
      yield* until(running(queryId))
      yield* clickhouse.killAndWait(queryId)
      expect(yield* running(queryId)).toBe(false)
      expect(yield* Fiber.join(fiber)).toMatchObject({ kind: "cancelled" })
    })
  )

  it.effect("gives up after the configured time and leaves nothing running", () =>
    Effect.gen(function* () {
      const config = yield* ClickHouseConfig
      const hasty = yield* make({ ...config, requestTimeout: Duration.millis(300) })
      const queryId = crypto.randomUUID()
      const error = yield* Effect.flip(
        hasty.query(slow, { queryId, settings: slowSettings })
      )
      expect(error).toMatchObject({ kind: "timeout", queryId })
      yield* until(Effect.map(running(queryId), (alive) => !alive))
    }).pipe(Effect.scoped)
  )
})

const until = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
  Effect.repeat(condition, {
    until: (met) => met,
    schedule: Schedule.spaced("20 millis")
  }).pipe(Effect.timeout("15 seconds"))
