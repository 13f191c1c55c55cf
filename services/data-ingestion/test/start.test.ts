import { expect, it } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Redacted, Schedule } from "effect"

const main = join(import.meta.dir, "../src/main.ts")

/** A port that was free a moment ago. */
const freePort = () => {
  const server = Bun.serve({ port: 0, fetch: () => new Response() })
  const { port } = server
  server.stop(true)
  return String(port)
}

const start = Effect.gen(function* () {
  const { url } = yield* PostgresConfig
  const stateDir = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "start-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true }))
  )
  const port = freePort()
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      Bun.spawn([process.execPath, main], {
        env: {
          ...process.env,
          DATABASE_URL: Redacted.value(url),
          // Nobody listens there.
          CLICKHOUSE_URL: "http://default:@127.0.0.1:1/analytics",
          ADMIN_KEY: "admin-key-of-a-test-that-is-long-enough",
          SERVICE_KEY: "service-key-of-a-test-that-is-long-enough",
          STATE_DIR: stateDir,
          HTTP_DRAIN_DELAY: "0 seconds",
          PORT: port
        },
        stdout: "ignore",
        stderr: "inherit"
      })
    ),
    (child) =>
      Effect.promise(() => {
        child.kill("SIGKILL")
        return child.exited
      })
  )
  return yield* Effect.tryPromise(async () => {
    const { status } = await fetch(`http://127.0.0.1:${port}/readyz`)
    if (status !== 200) throw new Error(`not ready: ${status}`)
    return status
  }).pipe(
    Effect.retry(
      Schedule.spaced("100 millis").pipe(Schedule.upTo({ duration: "20 seconds" }))
    )
  )
}).pipe(Effect.scoped, Effect.provide(TestPostgres.layer))

it("starts and is ready while ClickHouse is away", async () => {
  expect(await Effect.runPromise(start)).toBe(200)
}, 60_000)
