import { afterAll, describe, expect, it } from "bun:test"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { Duration, Layer, Logger, ManagedRuntime, Redacted } from "effect"
import { History } from "../../src/query/History.ts"

/** When history changed, by project; others cannot be told. */
const changes = new Map<string | null, string | null>([
  ["1", "2025-03-01T00:00:00.000Z"],
  ["2", null]
])
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: ({ headers, url }) => {
    const { pathname, searchParams } = new URL(url)
    const changedAt = changes.get(searchParams.get("projectId"))
    return headers.get("authorization") === "Bearer service-key" &&
      pathname === "/internal/v1/history" &&
      changedAt !== undefined
      ? Response.json({ changedAt })
      : new Response(null, { status: 503 })
  }
})
const runtime = ManagedRuntime.make(
  History.layer.pipe(
    Layer.provide(
      Layer.mergeAll(
        QueryConfig.layerOf({
          dataIngestionUrl: server.url.href,
          timeout: Duration.seconds(1),
          memoryLimit: 1,
          threads: 0,
          concurrency: 1
        }),
        AccessConfig.layerOf({
          adminKey: Redacted.make("admin-key"),
          serviceKey: Redacted.make("service-key")
        })
      )
    ),
    Layer.provideMerge(Logger.layer([]))
  )
)
afterAll(async () => {
  await runtime.dispose()
  await server.stop(true)
})

const at = Date.parse("2025-03-01T00:00:00.000Z")
const changed = (projectId: number, asOf: number) =>
  runtime.runPromise(History.use((history) => history.changedSince(projectId, asOf)))

describe("history", () => {
  it("changed for answers as of moments before the last removal", async () => {
    expect(await changed(1, at - 1)).toBe(true)
    expect(await changed(1, at)).toBe(false)
    expect(await changed(2, at - 1)).toBe(false)
  })

  it("may have changed if nobody can tell", async () => {
    expect(await changed(3, at)).toBe(true)
  })
})
