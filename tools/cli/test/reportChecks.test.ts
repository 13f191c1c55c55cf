import { afterAll, expect, it } from "bun:test"
import { Effect, Redacted } from "effect"
import { FetchHttpClient, type HttpClient } from "effect/http"
import { checkAlerts, checkDeliveries } from "../src/doctor/reportChecks.ts"
import { reportingAt } from "../src/reports/Reporting.ts"

let answer: unknown = {}
let disposition = ""
const asked: Array<string> = []
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: ({ url }) => {
    asked.push(new URL(url).pathname + new URL(url).search)
    return Response.json(answer, { headers: { "content-disposition": disposition } })
  }
})
afterAll(() => server.stop(true))

const url = `http://127.0.0.1:${server.port}`
const key = Redacted.make("secret")
const run = <A, E>(effect: Effect.Effect<A, E, HttpClient.HttpClient>) =>
  Effect.runPromise(effect.pipe(Effect.provide(FetchHttpClient.layer)))

it("the doctor names an alert that cannot be evaluated, and why", async () => {
  const found = () => run(checkAlerts(url, key))
  answer = { alerts: [{ name: "Orders", state: "firing", problem: null }] }
  expect(await found()).toMatchObject({
    state: "ok",
    detail: "1 watch, 1 of them fire"
  })
  answer = {
    alerts: [{ name: "Orders", state: "ok", problem: { detail: "no such insight" } }]
  }
  expect(await found()).toMatchObject({
    state: "warning",
    detail: "1 of 1 cannot be evaluated; Orders: no such insight"
  })
})

it("the doctor tells of messages that may have arrived", async () => {
  const found = () => run(checkDeliveries(url, key))
  answer = { deliveries: [], nextCursor: null }
  expect(await found()).toMatchObject({ state: "ok" })
  expect(asked.at(-1)).toBe("/v1/deliveries?state=uncertain&limit=100")
  const delivery = {
    id: "d1",
    title: "Weekly",
    channel: "email",
    recipient: "ann@example.com",
    state: "uncertain",
    detail: null,
    attempts: [],
    createdAt: "2026-11-23T00:00:00Z"
  }
  answer = { deliveries: [delivery], nextCursor: null }
  expect(await found()).toMatchObject({
    state: "warning",
    detail: "1 may have arrived, or not: Weekly to ann@example.com"
  })
  const nobody = checkDeliveries("http://127.0.0.1:1", key)
  expect(await run(nobody)).toMatchObject({ state: "failure" })
})

it("a file is called as it was answered, and never written elsewhere", async () => {
  const name = (text: string) => {
    disposition = text
    return run(
      reportingAt(url, key)
        .file("/reports/r/render?format=pdf", {})
        .pipe(Effect.map((file) => file.name))
    )
  }
  expect(await name('attachment; filename="week.pdf"')).toBe("week.pdf")
  expect(await name('attachment; filename="../../etc/passwd"')).toBe("report")
  expect(await name('attachment; filename=".."')).toBe("report")
  expect(await name("inline")).toBe("report")
})
