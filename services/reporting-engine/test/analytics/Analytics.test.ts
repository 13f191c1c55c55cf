import { afterAll, describe, expect } from "bun:test"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer, Redacted } from "effect"
import { Analytics } from "../../src/analytics/Analytics.ts"

let answer = new Response()
let group: string | null = null
const server = Bun.serve({
  port: 0,
  fetch: (request) => {
    group = request.headers.get("concurrency-group")
    return answer
  }
})
afterAll(() => server.stop(true))
const url = `http://127.0.0.1:${server.port}`

const problemOf = (response: Response) =>
  Effect.gen(function* () {
    answer = response
    return yield* Effect.flip(
      (yield* Analytics).query(7, { kind: "trends" }, { group: "report:1" })
    )
  })

describe("an answer of analytics-api that is none", () => {
  const it = withLayer(
    Analytics.layer.pipe(
      Layer.provide(
        ServicesConfig.layerOf({
          analyticsApiUrl: url,
          dataIngestionUrl: url,
          mlInferenceUrl: url,
          serviceKey: Redacted.make("key")
        })
      )
    )
  )

  it.effect("says when to come again, if it has too much to do", () =>
    Effect.gen(function* () {
      const headers = { "retry-after": "7" }
      expect(
        yield* problemOf(new Response("", { status: 429, headers }))
      ).toMatchObject({
        _tag: "AnalyticsUnavailable",
        retryAfter: 7
      })
      expect(group).toBe("report:1")
      expect(yield* problemOf(new Response("", { status: 429 }))).toMatchObject({
        retryAfter: 1
      })
      const away = yield* problemOf(new Response("", { status: 503 }))
      expect(away._tag).toBe("AnalyticsUnavailable")
      expect(away).not.toHaveProperty("retryAfter")
    })
  )

  it.effect("says why it took too long", () =>
    Effect.gen(function* () {
      const body = { title: "It took longer than a query may", detail: "Ask for less." }
      expect(yield* problemOf(Response.json(body, { status: 408 }))).toMatchObject({
        _tag: "AnalyticsUnavailable",
        detail:
          "/internal/v1/query: it answers 408: It took longer than a query may; Ask for less."
      })
    })
  )

  it.effect("is a refusal with its reason", () =>
    Effect.gen(function* () {
      const body = { title: "No", errors: [{ pointer: "/series", detail: "Missing" }] }
      expect(yield* problemOf(Response.json(body, { status: 422 }))).toMatchObject({
        _tag: "AnalyticsRefused",
        answered: 422,
        detail: "No; /series: Missing"
      })
    })
  )
})
