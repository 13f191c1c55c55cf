import { afterAll, describe, expect, it } from "bun:test"
import { Effect } from "effect"
import { Health } from "../src/Health.ts"
import { makeTestApp, testRuntime } from "./testApp.ts"

const state = { clickhouse: "up" as "up" | "down" | "silent" }
const runtime = testRuntime({
  postgres: Effect.succeed(1),
  clickhouse: Effect.suspend(() => {
    if (state.clickhouse === "silent") return Effect.never
    return state.clickhouse === "up" ? Effect.succeed(1) : Effect.fail("refused")
  })
})
const app = makeTestApp(runtime)
afterAll(() => runtime.dispose())

const get = (path: string) => app.handle(new Request(`http://localhost${path}`))

describe("/readyz", () => {
  it("answers 200 while every dependency answers", async () => {
    const response = await get("/readyz")
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ status: "ok" })
  })

  it.each(["down", "silent"] as const)("names a dependency that is %s", async (how) => {
    state.clickhouse = how
    const response = await get("/readyz")
    state.clickhouse = "up"
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({
      type: "urn:analytics:problem:not-ready",
      failing: ["clickhouse"],
      detail: "No answer from clickhouse."
    })
  })

  it("turns to 503 for good when draining begins, while /livez stays", async () => {
    await runtime.runPromise(Health.use((health) => health.drain))
    expect((await get("/readyz")).status).toBe(503)
    expect((await get("/livez")).status).toBe(200)
  })
})

/** Requests are measured after they were answered, so this asks until it is there. */
const metricsWith = async (expected: RegExp): Promise<Response> => {
  await new Promise(setImmediate)
  const response = await get("/metrics")
  return expected.test(await response.clone().text()) ? response : metricsWith(expected)
}

describe("/metrics", () => {
  it("counts requests by route and status", async () => {
    await get("/livez")
    await get("/fails/unauthorized")
    const response = await metricsWith(
      /^http_server_request_duration_seconds_count\{.*http_route="\/fails\/:how".*status_code="401".*\} 1$/m
    )
    expect(response.headers.get("content-type")).toStartWith("text/plain")
    expect(await response.text()).toMatch(/http_route="\/livez".*status_code="200"/)
  })
})
