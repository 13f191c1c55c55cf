import { afterAll, describe, expect, it } from "bun:test"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { Duration, Effect, Layer, Logger, ManagedRuntime, Redacted } from "effect"
import { Watermark } from "../../src/query/Watermark.ts"

/** What data-ingestion says; a number is a refusal with that status. */
let asked = 0
let says: object | number = 503
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => {
    asked++
    return request.headers.get("authorization") !== "Bearer service-key"
      ? new Response(null, { status: 401 })
      : typeof says === "number"
        ? new Response(null, { status: says })
        : Response.json(says)
  }
})
afterAll(() => server.stop(true))

const watermarkOf = (url: string) =>
  ManagedRuntime.make(
    Watermark.layer.pipe(
      Layer.provide(
        Layer.mergeAll(
          QueryConfig.layerOf({
            dataIngestionUrl: url,
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
const current = Watermark.use((service) => service.current)

describe("the watermark", () => {
  const runtime = watermarkOf(server.url.href)
  afterAll(() => runtime.dispose())

  it("is unavailable before anyone ever told it", async () => {
    expect(await runtime.runPromise(Effect.flip(current))).toMatchObject({
      _tag: "QueriesUnavailable",
      status: 503
    })
  })

  it("is what data-ingestion says now", async () => {
    says = { watermark: "2025-03-01T00:00:00.123Z", ingestLagMs: 7 }
    expect(await runtime.runPromise(current)).toEqual({
      watermark: Date.parse("2025-03-01T00:00:00.123Z"),
      ingestLagMs: 7,
      isStale: false
    })
  })

  it("needs no question for what is known to be stored", async () => {
    const known = Date.parse("2025-03-01T00:00:00.123Z")
    says = { watermark: "2025-03-01T00:00:00.200Z", ingestLagMs: 7 }
    const reaching = (instant: number | undefined) =>
      runtime.runPromise(Watermark.use((service) => service.atLeast(instant)))
    expect(await reaching(known)).toMatchObject({ watermark: known })
    says = { watermark: "2025-03-01T00:00:00.123Z", ingestLagMs: 7 }
    expect(await reaching(undefined)).toMatchObject({ watermark: known })
  })

  it.each([[500], [{ watermark: "soon" }]])(
    "is the last known one after %j",
    async (answer) => {
      says = answer
      expect(await runtime.runPromise(current)).toMatchObject({
        watermark: Date.parse("2025-03-01T00:00:00.123Z"),
        isStale: true
      })
    }
  )

  it("is not asked for again right after a failure", async () => {
    const before = asked
    await runtime.runPromise(current)
    expect(asked).toBe(before)
  })
})
