import { describe, expect } from "bun:test"
import { statement } from "@analytics/analytics-core/query/Compiled"
import { parseQuery } from "@analytics/analytics-core/query/Query"
import { sql } from "@analytics/analytics-core/query/Sql"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Duration, Effect, Fiber, Layer } from "effect"
import { QueryAllowance } from "../../src/query/QueryAllowance.ts"
import { QueryRepo } from "../../src/query/QueryRepo.ts"

const limited = QueryConfig.layerOf({
  dataIngestionUrl: "http://localhost",
  timeout: Duration.seconds(1),
  memoryLimit: 50_000_000,
  threads: 1,
  concurrency: 1
})

const ampleConfig = QueryConfig.layerOf({
  dataIngestionUrl: "http://localhost",
  timeout: Duration.seconds(60),
  memoryLimit: 2_000_000_000,
  threads: 1,
  concurrency: 1
})

const twoThreads = QueryConfig.layerOf({
  dataIngestionUrl: "http://localhost",
  timeout: Duration.seconds(60),
  memoryLimit: 2_000_000_000,
  threads: 2,
  concurrency: 1
})

const ampleRepo = Layer.provide(Layer.fresh(QueryRepo.layer), ampleConfig)

const TestLayer = QueryRepo.layer.pipe(
  Layer.provide(limited),
  Layer.provideMerge(TestClickHouse.client)
)

const slow = statement(
  "slow",
  sql`SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1`
)

describe("QueryRepo on a real ClickHouse", () => {
  const { effect } = withLayer(TestLayer)

  effect("answers rows by name and says how many were read", () =>
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      const query = statement(
        "numbers",
        sql`SELECT count() AS n, toUInt64(2) AS big FROM numbers(1000)`
      )
      expect(yield* repo.run(query)).toEqual({
        rows: [{ n: "1000", big: "2" }],
        rowsRead: 1000,
        bytesRead: 8000
      })
    })
  )

  effect("gives one core to whoever asks much, and more to all others", () =>
    Effect.gen(function* () {
      const threads = statement("threads", sql`SELECT getSetting('max_threads') AS n`)
      const asked = (priority: number) =>
        QueryRepo.use((repo) => repo.run(threads)).pipe(
          Effect.provideService(QueryAllowance, {
            timeout: Duration.seconds(10),
            priority
          }),
          Effect.map(({ rows }) => Number(rows[0]?.["n"])),
          Effect.provide(Layer.provide(Layer.fresh(QueryRepo.layer), twoThreads))
        )
      expect(yield* asked(1)).toBe(2)
      expect(yield* asked(2)).toBe(1)
    })
  )

  effect("ends a query that takes too long with a remedy", () =>
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      const error = yield* Effect.flip(repo.run(slow))
      expect(error).toMatchObject({ _tag: "QueryTimedOut", status: 408 })
    })
  )

  effect("ends a query that needs too much memory with a remedy", () =>
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      const large = statement(
        "large",
        sql`SELECT length(groupArray(number)) FROM numbers(50000000)`
      )
      const error = yield* Effect.flip(repo.run(large))
      expect(error).toMatchObject({ _tag: "QueryTooLarge", status: 422 })
    })
  )

  effect("takes every request that the query language takes", () =>
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      const filters = Array.from({ length: 200 }, (_, index) => ({
        property: `p${index % 10}`,
        op: ["contains", "matches", "not_in"][index % 3],
        value: index % 3 === 2 ? [index, `${index}`, "9007199254740993"] : "a\\nb"
      }))
      const range = { from: "2025-03-01T00:00:00Z", to: "2025-03-02T00:00:00Z" }
      const series = { event: "a", measure: "unique_users" }
      const bodies = [
        {
          kind: "trends",
          ...range,
          interval: "hour",
          series: [series],
          breakdown: ["p1"],
          formula: "A * 2",
          filters
        },
        {
          kind: "funnel",
          ...range,
          windowSeconds: 60,
          steps: Array.from({ length: 20 }, (_, index) => ({
            event: `e${index}`,
            filters: filters.slice(index * 10, (index + 1) * 10)
          }))
        }
      ]
      for (const body of bodies) {
        const query = yield* parseQuery(body)
        const { statements } = yield* query.compile({
          projectId: 1,
          timezone: "UTC",
          now: 0,
          watermark: Date.UTC(2026, 0, 1),
          hasLinks: true,
          hasTraitChanges: true
        })
        for (const one of statements) yield* repo.run(one)
      }
    }).pipe(Effect.provide(ampleRepo))
  )

  effect("says of what is larger than the engine takes that it is too large", () =>
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      const deep = { strings: ["(".repeat(3000)], params: [] }
      const closed = { strings: [")".repeat(3000)], params: [] }
      const answer = sql`SELECT repeat(toString(number), 200) FROM numbers(100000)`
      for (const fragment of [
        sql`SELECT ${deep}1${closed}`,
        sql`SELECT ${{ strings: [" ".repeat(17 * 2 ** 20)], params: [] }} 1`,
        answer
      ])
        expect(yield* Effect.flip(repo.run(statement("huge", fragment)))).toMatchObject(
          { _tag: "QueryTooLarge", status: 422 }
        )
    }).pipe(Effect.provide(ampleRepo))
  )

  effect("lets no query write", () =>
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      const write = statement("write", sql`INSERT INTO events (project_id) SELECT 1`)
      expect((yield* Effect.exit(repo.run(write)))._tag).toBe("Failure")
      const clickhouse = yield* ClickHouse
      expect(yield* clickhouse.query("SELECT 1 FROM events")).toEqual([])
    })
  )

  effect("stops the query of a caller that went away", () =>
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      const clickhouse = yield* ClickHouse
      const running = clickhouse.query<{ query: string }>(
        "SELECT query FROM system.processes WHERE query LIKE 'SELECT count() FROM numbers(1000000000000)%'"
      )
      const fiber = yield* Effect.forkChild(repo.run(slow))
      yield* running.pipe(
        Effect.repeat({ while: (rows) => rows.length === 0 }),
        Effect.timeout("900 millis")
      )
      yield* Fiber.interrupt(fiber)
      yield* running.pipe(
        Effect.repeat({ while: (rows) => rows.length > 0 }),
        Effect.timeout("5 seconds")
      )
    })
  )

  effect("judges patterns as the engine does", () =>
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      expect(yield* repo.isPattern("^a.*(b|c)$")).toBe(true)
      expect(yield* repo.isPattern("(")).toBe(false)
      expect(yield* repo.isPattern("a(?=b)")).toBe(false)
    })
  )

  effect("knows whether a project has links by then", () =>
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      const clickhouse = yield* ClickHouse
      const knownAt = Date.UTC(2025, 2, 1)
      yield* clickhouse.insert({
        table: "person_links",
        format: "JSONEachRow",
        body: JSON.stringify({
          project_id: 5,
          id_hash: 1,
          person: 2,
          known_at: knownAt,
          version: 1
        })
      })
      expect(yield* repo.hasLinks(5, knownAt - 1)).toBe(false)
      expect(yield* repo.hasLinks(5, knownAt)).toBe(true)
      expect(yield* repo.hasLinks(6, knownAt)).toBe(false)
    })
  )

  effect("knows whether traits changed by then, and what was stored since", () =>
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      const clickhouse = yield* ClickHouse
      const known = Date.UTC(2025, 2, 1)
      const insert = (messageId: string, props: object, row: object) =>
        clickhouse.insert({
          table: "events",
          format: "JSONEachRow",
          body: JSON.stringify({
            ...{ project_id: 7, event: "$identify", type: "identify", id_hash: 1 },
            ...{ timestamp: known, received_at: known, known_at: known },
            ...{ message_id: messageId, props, ...row }
          })
        })
      const has = (watermark: number) => repo.hasTraitChanges(7, watermark)
      const change = { "$add.n": "1" }
      yield* insert("m1", { plan: '"pro"', $other: "1", "$add\\.n": "1" }, {})
      yield* insert("m2", change, { event: "a", type: "track" })
      yield* insert("m3", change, { event: "$identify", type: "track" })
      yield* insert("m4", change, { project_id: 8 })
      expect(yield* has(known)).toBe(false)
      expect(repo.isChanging(7)).toBe(false)
      yield* insert("m5", { "$unset.plan": "true" }, { known_at: known + 2 })
      expect(yield* has(known + 1)).toBe(false)
      expect(yield* has(known)).toBe(false)
      // As test mode stores it: under an earlier moment, in a batch of now.
      const batch_id = String(BigInt(known) << 22n)
      yield* insert("m6", change, { known_at: known - 1, batch_id })
      expect(yield* has(known)).toBe(true)
      expect(repo.isChanging(7)).toBe(true)
      expect(yield* repo.hasTraitChanges(8, known - 1)).toBe(false)
      expect(yield* repo.hasTraitChanges(8, known)).toBe(true)
      yield* insert(
        "m7",
        { $clear: "true" },
        { project_id: 9, event: "$group", type: "group" }
      )
      expect(yield* repo.hasTraitChanges(9, known)).toBe(true)
    })
  )
})
