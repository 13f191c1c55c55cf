import { describe, expect } from "bun:test"
import { connect, createServer } from "node:net"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Fiber, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as DirectConnection from "../src/DirectConnection.ts"

const key = 42

describe("DirectConnection", () => {
  const it = withLayer(TestPostgres.client)

  const open = Effect.flatMap(PostgresConfig, ({ url }) =>
    DirectConnection.make({ url })
  )

  it.effect("holds a session lock as long as its scope", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const taken = sql<{ taken: boolean }>`
        SELECT count(*) > 0 AS taken FROM pg_locks
         WHERE locktype = 'advisory' AND objid = ${key}`
      yield* Effect.scoped(
        Effect.gen(function* () {
          const connection = yield* open
          yield* connection.query("SELECT pg_advisory_lock($1)", [key])
          expect(yield* taken).toEqual([{ taken: true }])
        })
      )
      yield* Effect.repeat(taken, { until: ([row]) => row?.taken === false })
    })
  )

  it.effect(
    "has the server give up on a client that is gone within half a minute",
    () =>
      Effect.gen(function* () {
        const connection = yield* open
        const rows = yield* connection.query(
          `SELECT name, setting FROM pg_settings WHERE name LIKE 'tcp_%' ORDER BY name`
        )
        expect(rows).toEqual([
          { name: "tcp_keepalives_count", setting: "3" },
          { name: "tcp_keepalives_idle", setting: "10" },
          { name: "tcp_keepalives_interval", setting: "5" },
          { name: "tcp_user_timeout", setting: "25000" }
        ])
      }).pipe(Effect.scoped)
  )

  it.effect("tells at once when the server ends the session", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const connection = yield* open
      const work = yield* Effect.forkChild(
        Effect.raceFirst(Effect.never, connection.lost)
      )
      yield* sql`SELECT pg_terminate_backend(${connection.processId})`
      const error = yield* Fiber.join(work).pipe(
        Effect.flip,
        Effect.timeout("2 seconds")
      )
      expect(error._tag).toBe("ConnectionLost")
    }).pipe(Effect.scoped)
  )

  it.effect("tells when the server no longer answers", () =>
    Effect.gen(function* () {
      const { url } = yield* PostgresConfig
      const proxy = yield* mutableProxy(new URL(Redacted.value(url)))
      const connection = yield* DirectConnection.make({
        url: Redacted.make(proxy.url),
        heartbeat: "100 millis"
      })
      proxy.silence()
      const error = yield* Effect.flip(connection.lost).pipe(
        Effect.timeout("2 seconds")
      )
      expect(error).toMatchObject({ _tag: "ConnectionLost" })
    }).pipe(Effect.scoped)
  )

  it.effect("loses its locks when it gives no sign of life", () =>
    Effect.gen(function* () {
      const { url } = yield* PostgresConfig
      const sql = yield* SqlClient.SqlClient
      const connection = yield* DirectConnection.make({
        url,
        heartbeat: "1 hour",
        idleTimeout: "500 millis"
      })
      yield* connection.query("SELECT pg_advisory_lock($1)", [key + 1])
      yield* Effect.repeat(
        sql<{ taken: boolean }>`
          SELECT count(*) > 0 AS taken FROM pg_locks
           WHERE locktype = 'advisory' AND objid = ${key + 1}`,
        { until: ([row]) => row?.taken === false }
      ).pipe(Effect.timeout("20 seconds"))
      expect(yield* Effect.flip(connection.lost)).toMatchObject({
        _tag: "ConnectionLost"
      })
      const usual = yield* open
      expect(yield* usual.query("SHOW idle_session_timeout")).toEqual([
        { idle_session_timeout: "30s" }
      ])
    }).pipe(Effect.scoped)
  )

  it.effect("does not mistake a long statement for silence", () =>
    Effect.gen(function* () {
      const { url } = yield* PostgresConfig
      const connection = yield* DirectConnection.make({ url, heartbeat: "50 millis" })
      const rows = yield* Effect.raceFirst(
        connection.query("SELECT pg_sleep(0.5)::text AS slept"),
        connection.lost
      )
      expect(rows).toEqual([{ slept: "" }])
    }).pipe(Effect.scoped)
  )
})

/** Passes bytes both ways until it is silenced: then the peer is there and says nothing. */
const mutableProxy = Effect.fnUntraced(function* (target: URL) {
  let silent = false
  const server = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const created = createServer((near) => {
        const far = connect(Number(target.port), target.hostname)
        near.on("data", (bytes) => far.write(bytes))
        far.on("data", (bytes) => silent || near.write(bytes))
        for (const [one, other] of [
          [near, far],
          [far, near]
        ] as const) {
          one.on("close", () => other.destroy())
          one.on("error", () => other.destroy())
        }
      }).listen(0, "127.0.0.1", () => resume(Effect.succeed(created)))
    }),
    (open) => Effect.sync(() => open.close())
  )
  const address = server.address()
  const url = new URL(target)
  url.port = String(typeof address === "object" ? address?.port : "")
  return {
    url: url.href,
    silence: () => {
      silent = true
    }
  }
})
