import { afterAll, describe, expect } from "bun:test"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer, Redacted } from "effect"
import { Analytics } from "../../src/analytics/Analytics.ts"

let answer = new Response()
let group: string | null = null

/** 250 notes, as pages of a hundred. */
const pageAfter = (cursor: string | null) => {
  const first = Number(cursor ?? 0)
  const annotations = Array.from({ length: Math.min(100, 250 - first) }, (_, at) => ({
    id: "018f2a6c-0000-7000-8000-00000000dead",
    at: "2026-03-01T00:00:00Z",
    until: null,
    text: `${first + at}`,
    mutesAlerts: true
  }))
  return { annotations, nextCursor: first + 100 < 250 ? `${first + 100}` : null }
}

const server = Bun.serve({
  port: 0,
  fetch: (request) => {
    group = request.headers.get("concurrency-group")
    const { pathname, searchParams } = new URL(request.url)
    return pathname.endsWith("/annotations")
      ? Response.json(pageAfter(searchParams.get("cursor")))
      : answer
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

  it.effect("has all notes of a range, however many pages they are", () =>
    Effect.gen(function* () {
      const [from, to] = ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"]
      const notes = yield* (yield* Analytics).annotations(7, from, to)
      expect(notes.map(({ text }) => text)).toEqual(
        Array.from({ length: 250 }, (_, at) => `${at}`)
      )
    })
  )
})
