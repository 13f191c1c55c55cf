import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { ManagedRuntime } from "effect"
import { makeApp } from "../../src/App.ts"
import { type App, ask, basic, bearer, ingestionWith } from "../ingestionTest.ts"

const runtime = ManagedRuntime.make(ingestionWith())
let app: App
beforeAll(async () => {
  await runtime.context()
  app = makeApp(runtime)
}, 60_000)
afterAll(() => runtime.dispose(), 60_000)

const accepted = async () =>
  (await ask(app, "/v1/accounting", { headers: bearer("secret1") })).body.accepted

describe.each(["/2/httpapi", "/batch"])("Amplitude's %s", (path) => {
  const event = { user_id: "u", event_type: "E" }
  const send = (events: ReadonlyArray<unknown>, key = "write1") =>
    ask(app, path, { json: { api_key: key, events } })

  it("takes all of a request or nothing, and says what to drop", async () => {
    const before = await accepted()
    const refused = await send([event, { event_type: "E" }, event])
    expect(refused.status).toBe(400)
    expect(refused.body).toMatchObject({
      code: 400,
      events_with_missing_fields: { user_id: [1] }
    })
    expect(await accepted()).toBe(before)
    const taken = await send([event, { ...event, user_properties: { plan: "pro" } }])
    expect(taken.body).toMatchObject({ code: 200, events_ingested: 2 })
    expect(await accepted()).toBe(before + 3)
  })

  it("says by `code` what to do, since its client reads no status", async () => {
    expect((await send([event], "nobody's")).body).toMatchObject({ code: 400 })
    expect((await send([event], "unclear")).body).toMatchObject({ code: 503 })
    const many = await send(Array.from({ length: 2501 }, () => event))
    expect(many).toMatchObject({ status: 413, body: { code: 413 } })
  })

  it("finds the key in a body of a megabyte", async () => {
    const long = { ...event, event_properties: { text: "x".repeat(300 * 1024) } }
    expect((await send([long, long, long])).status).toBe(200)
    const tooMuch = await send(Array.from({ length: 15 }, () => long))
    expect(tooMuch).toMatchObject({ status: 413, body: { code: 413 } })
  })
})

describe("Mixpanel's endpoints", () => {
  const event = (token: string, more: object = {}) => ({
    event: "E",
    properties: { token, distinct_id: "u", ...more }
  })
  const form = (value: unknown) => ({
    method: "POST",
    body: `data=${Buffer.from(JSON.stringify(value)).toString("base64")}`,
    // The API secret, which is no key here.
    headers: basic("api-secret")
  })

  it("look for the key in the events before they look at Authorization", async () => {
    const query = "?verbose=0&ip=0"
    expect(await ask(app, `/track${query}`, form(event("write1")))).toMatchObject({
      status: 200,
      body: 1
    })
    const unknown = await ask(app, `/track${query}`, form(event("nobody's")))
    expect(unknown).toMatchObject({ status: 401, body: 0 })
    const later = await ask(app, `/track${query}`, form(event("unclear")))
    expect(later).toMatchObject({ status: 503, body: 0 })
    expect(later.headers.get("retry-after")).toBe("2")
    const secret = await ask(app, "/engage?verbose=1", {
      json: { $token: "secret1", $distinct_id: "u" }
    })
    expect(secret).toMatchObject({ status: 403, body: { status: 0 } })
    const named = await ask(app, "/import", {
      json: [{ event: "E", properties: { distinct_id: "u" } }],
      headers: basic("write1")
    })
    expect(named.body).toEqual({ code: 200, num_records_imported: 1, status: "OK" })
  })

  it("import what can be, and name the rest", async () => {
    const before = await accepted()
    const { body, status } = await ask(app, "/import?strict=1", {
      json: [event("write1"), { ...event("write1", { $insert_id: "bad" }), event: "" }]
    })
    expect(status).toBe(400)
    expect(body).toMatchObject({
      code: 400,
      num_records_imported: 1,
      failed_records: [{ index: 1, insert_id: "bad", field: "event" }]
    })
    expect(await accepted()).toBe(before + 1)
  })

  it("keep what a client cannot be told of", async () => {
    const before = await accepted()
    expect((await ask(app, "/track", form([event("write1"), 7]))).body).toBe(1)
    expect(await accepted()).toBe(before + 2)
  })
})
