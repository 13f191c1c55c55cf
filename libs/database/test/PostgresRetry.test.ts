import { describe, expect, it as test } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Ref, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionError, SqlError, UnknownError } from "effect/sql/SqlError"
import { isTransient, retryTransient, sqlState, within } from "../src/PostgresRetry.ts"

const withState = (code: string) =>
  new SqlError({
    reason: new UnknownError({ cause: Object.assign(new Error("x"), { code }) })
  })

const broken = (message: string) =>
  new SqlError({ reason: new ConnectionError({ cause: new Error(message), message }) })

describe("isTransient", () => {
  test.each([
    "57P01",
    "57P02",
    "57P03",
    "53300",
    "53200",
    "40001",
    "40P01",
    "08006",
    "55P03"
  ])("%s passes by itself", (code) => expect(isTransient(withState(code))).toBe(true))

  test.each(["23505", "42601", "42P01", "22P02", "57014", "28P01", "XX000"])(
    "%s does not",
    (code) => expect(isTransient(withState(code))).toBe(false)
  )

  test("tells a broken connection from an answer that is too large", () => {
    expect(isTransient(broken("Connection terminated"))).toBe(true)
    expect(
      isTransient(broken("Message length 20000000 exceeds maxMessageSize 1"))
    ).toBe(false)
    expect(isTransient(new Error("x"))).toBe(false)
  })
})

class Other extends Schema.TaggedError<Other>()("Other", {}) {}

describe("on a real Postgres", () => {
  const it = withLayer(TestPostgres.client)

  it.effect("an administrator's shutdown of the session is transient", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const error = yield* Effect.flip(
        sql`SELECT pg_terminate_backend(pg_backend_pid())`
      )
      expect(isTransient(error)).toBe(true)
      // The pool replaces the dead connection.
      expect(yield* sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
    })
  )

  it.effect("an answer over the size limit is not", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const error = yield* Effect.flip(sql`SELECT repeat('x', 20000000) AS x`)
      expect(isTransient(error)).toBe(false)
    })
  )

  it.effect("a statement's own mistake keeps its state", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const error = yield* Effect.flip(sql`SELECT * FROM nowhere`)
      expect(sqlState(error)).toBe("42P01")
    })
  )

  it.effect("retries until the trouble is over", () =>
    Effect.gen(function* () {
      const attempts = yield* Ref.make(0)
      const flaky = Ref.updateAndGet(attempts, (count) => count + 1).pipe(
        Effect.filterOrFail(
          (count) => count === 3,
          () => withState("57P03")
        ),
        retryTransient()
      )
      expect(yield* flaky).toBe(3)
    })
  )

  it.effect("gives up in time, and at once on any other error", () =>
    Effect.gen(function* () {
      const attempts = yield* Ref.make(0)
      const down = Effect.andThen(
        Ref.update(attempts, (count) => count + 1),
        Effect.fail(withState("57P03"))
      )
      const error = yield* Effect.flip(retryTransient("200 millis")(down))
      expect(sqlState(error)).toBe("57P03")
      expect(yield* Ref.get(attempts)).toBeGreaterThan(1)
      const other = yield* Effect.flip(retryTransient()(Effect.fail(new Other())))
      expect(other._tag).toBe("Other")
    })
  )

  it.effect("does not wait for ever for a pool without a free connection", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* Effect.all(
        Array.from({ length: 8 }, () => sql.reserve),
        { concurrency: 8 }
      )
      const error = yield* Effect.flip(within("100 millis")(sql`SELECT 1`))
      expect(isTransient(error)).toBe(true)
    }).pipe(Effect.scoped)
  )
})
