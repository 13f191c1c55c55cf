import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import { statement } from "../../../src/query/Compiled.ts"
import { matching } from "../../../src/query/events/matching.ts"
import { rosterSql } from "../../../src/query/people/rosterSql.ts"
import { EARLIEST, LATEST, type Sql, sql } from "../../../src/query/Sql.ts"
import { contextOf } from "../eventStore.ts"

const PROJECT = 4711
const context = contextOf(PROJECT)

describe("one person's events", () => {
  const { effect } = withLayer(TestClickHouse.client)

  const planOf = Effect.fnUntraced(function* (query: Sql) {
    const clickhouse = yield* ClickHouse
    const { params, sql: text } = statement("plan", query)
    const lines = yield* clickhouse.query(`EXPLAIN ${text}`, { params: { ...params } })
    return JSON.stringify(lines)
  })

  effect("are chosen, and a profile is made, from the projection by person", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      yield* clickhouse.command(
        `INSERT INTO events (project_id, event, type, timestamp, known_at, id_hash)
         SELECT ${PROJECT}, 'a', 'track',
           toDateTime64('2025-03-02', 3, 'UTC') + toIntervalDay(number % 20) AS at, at,
           number % 1000 FROM numbers(50000)`
      )
      const range = { from: EARLIEST, to: LATEST }
      const page = { range, after: { at: LATEST, messageId: "m" }, limit: 10 }
      const of = (request: object) =>
        matching({ kind: "events", ...request }, page, context, [sql`id_hash = 7`])
      expect(yield* planOf(of({}))).toContain("p_timeline")
      expect(yield* planOf(of({ event: "a", includeBots: true }))).toContain(
        "p_timeline"
      )
      const profile = rosterSql(context, {
        people: sql`SELECT toUInt64(7) AS person`,
        after: undefined,
        limit: 1,
        isNarrow: true
      })
      expect(yield* planOf(profile)).toContain("p_timeline")
    })
  )
})
