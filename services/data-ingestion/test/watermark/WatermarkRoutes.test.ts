import { afterAll, describe, expect, it } from "bun:test"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { Effect, Layer, Logger, ManagedRuntime, Redacted } from "effect"
import { Watermark } from "../../src/watermark/Watermark.ts"
import { watermarkRoutes } from "../../src/watermark/WatermarkRoutes.ts"
import { WatermarkUnavailable } from "../../src/watermark/WatermarkUnavailable.ts"

let current: Watermark["Service"]["current"]
const runtime = ManagedRuntime.make(
  Layer.mergeAll(
    Layer.succeed(Watermark, { current: Effect.suspend(() => current) }),
    AccessConfig.layerOf({
      adminKey: Redacted.make("admin"),
      serviceKey: Redacted.make("service")
    }),
    Logger.layer([])
  )
)
const app = watermarkRoutes(runtime)
afterAll(() => runtime.dispose())

const ask = (key: string) =>
  app.handle(
    new Request("http://localhost/internal/v1/watermark", {
      headers: { authorization: `Bearer ${key}` }
    })
  )

describe("GET /internal/v1/watermark", () => {
  it("tells the watermark and the lag to services", async () => {
    const watermark = new Date("2026-03-10T12:00:00.123Z")
    current = Effect.succeed({ watermark, ingestLagMs: 42, removing: [7] })
    const response = await ask("service")
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      watermark: "2026-03-10T12:00:00.123Z",
      ingestLagMs: 42,
      removing: [7]
    })
  })

  it("tells nobody else", async () => {
    current = Effect.die("not to be asked")
    for (const key of ["admin", "", "servic"]) expect((await ask(key)).status).toBe(401)
  })

  it("answers 503 when it cannot be told", async () => {
    current = Effect.fail(new WatermarkUnavailable({ detail: "d" }))
    expect((await ask("service")).status).toBe(503)
  })
})
