import { describe, expect } from "bun:test"
import { statement } from "@analytics/analytics-core/query/Compiled"
import { sql } from "@analytics/analytics-core/query/Sql"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Duration, Effect, Fiber, Layer } from "effect"
import { QueryRepo } from "../../src/query/QueryRepo.ts"

const limited = QueryConfig.layerOf({
  dataIngestionUrl: "http://localhost",
  timeout: Duration.seconds(1),
  memoryLimit: 50_000_000,
  threads: 1,
  concurrency: 1
})

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
        rowsRead: 1000
      })
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
})
