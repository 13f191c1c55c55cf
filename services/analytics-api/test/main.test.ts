import { describe, expect } from "bun:test"
import { fileURLToPath } from "node:url"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { adminKey, bearer, serviceKey } from "./ControlTest.ts"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

const freePort = () => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response()
  })
  const { port } = server
  return server.stop(true).then(() => String(port))
}

/** The service as a process of its own, killed when the test ends. */
const start = (over: Record<string, string | undefined> = {}) =>
  Effect.gen(function* () {
    const { url: postgres } = yield* PostgresConfig
    const { url: clickhouse } = yield* ClickHouseConfig
    const port = yield* Effect.promise(freePort)
    const env = {
      PATH: process.env["PATH"],
      NODE_ENV: "test",
      PORT: port,
      DATABASE_URL: Redacted.value(postgres),
      CLICKHOUSE_URL: Redacted.value(clickhouse),
      ADMIN_KEY: adminKey,
      SERVICE_KEY: serviceKey,
      ...over
    }
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        Bun.spawn([process.execPath, main], { env, stdout: "pipe", stderr: "pipe" })
      ),
      (self) =>
        Effect.promise(() => {
          self.kill("SIGKILL")
          return self.exited
        })
    )
    const output = Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text()
    ]).then((texts) => texts.join(""))
    return { child, output, url: `http://127.0.0.1:${port}` }
  })

const ready = (url: string) =>
  Effect.tryPromise(() => fetch(`${url}/readyz`)).pipe(
    Effect.filterOrFail(({ status }) => status === 200),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("20 seconds")
  )

describe("the process", () => {
  const it = withLayer(Layer.merge(TestPostgres.layer, TestClickHouse.client))

  it.effect("serves, and ends well when it is told to", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { child, output, url } = yield* start()
        yield* ready(url)
        const created = yield* Effect.promise(() =>
          fetch(`${url}/v1/projects`, {
            method: "POST",
            ...bearer(adminKey),
            body: JSON.stringify({ name: "Shop" })
          })
        )
        expect(created.status).toBe(201)
        child.kill("SIGTERM")
        expect(yield* Effect.promise(() => child.exited)).toBe(0)
        const log = yield* Effect.promise(() => output)
        const lines = log.trim().split("\n")
        const messages = lines.map((line): unknown => JSON.parse(line).message)
        expect(messages).toEqual(["listening", "project created", "draining"])
        expect(log).not.toContain(adminKey)
      })
    )
  )

  it.effect("does not start without its keys, and says what to set", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { child, output } = yield* start({ ADMIN_KEY: undefined, PORT: "http" })
        expect(yield* Effect.promise(() => child.exited)).not.toBe(0)
        const log = yield* Effect.promise(() => output)
        expect(log).toMatch(/ADMIN_KEY is not set|PORT must be a whole number/)
      })
    )
  )

  it.effect("does not start on two stores that do not belong together", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const clickhouse = yield* ClickHouse
        yield* clickhouse.command("TRUNCATE TABLE installation")
        yield* clickhouse.command(
          "INSERT INTO installation (id) SELECT generateUUIDv4()"
        )
        const { child, output } = yield* start()
        expect(yield* Effect.promise(() => child.exited)).not.toBe(0)
        expect(yield* Effect.promise(() => output)).toContain("Postgres belongs to")
      })
    )
  )
})
