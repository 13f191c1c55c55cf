import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { ManagedRuntime } from "effect"
import { makeApp } from "../../src/App.ts"
import { type App, ask, bearer, ingestionWith, keyOf, known } from "../ingestionTest.ts"
import { drain } from "../loader/faults.ts"

const DOMAIN = "shop.test"
const WEBSITE = "50429a93-8479-4073-be80-d5d29c09c2ec"

const runtime = ManagedRuntime.make(ingestionWith())
let app: App
beforeAll(async () => {
  for (const key of [DOMAIN, WEBSITE]) known.set(key, keyOf(1, "write"))
  await runtime.context()
  app = makeApp(runtime)
}, 60_000)
afterAll(async () => {
  for (const key of [DOMAIN, WEBSITE]) known.delete(key)
  await runtime.dispose()
}, 60_000)

const origin = "https://shop.test"
const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

const post = async (
  path: string,
  body: unknown,
  headers: Record<string, string> = {}
) => {
  const answer = await app.handle(
    new Request(`http://localhost${path}`, {
      method: "POST",
      headers: { "user-agent": agent, "x-forwarded-for": "203.0.113.7", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body)
    })
  )
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

const account = async () =>
  (await ask(app, "/v1/accounting", { headers: bearer("secret1") })).body

const page = { n: "pageview", u: "https://shop.test/a", d: DOMAIN }

describe("Plausible's endpoint", () => {
  // What `sendBeacon` and `fetch` with `no-cors` may send without being asked first.
  it.each(["text/plain;charset=UTF-8", "application/x-www-form-urlencoded"])(
    "takes what a page sends as %s",
    async (type) => {
      const before = await account()
      const sent = await post("/api/event", page, { "content-type": type, origin })
      expect(sent).toMatchObject({ status: 202, text: "ok" })
      expect(sent.headers.get("content-type")).toStartWith("text/plain")
      expect(sent.headers.get("access-control-allow-origin")).toBe(origin)
      expect(sent.headers.get("access-control-allow-credentials")).toBe("true")
      expect((await account()).accepted).toBe(before.accepted + 1)
    }
  )

  it("finds the project by domain, by key and by path", async () => {
    const status = async (path: string, body: object) => (await post(path, body)).status
    expect(await status("/api/event/", { ...page, d: "www.shop.test" })).toBe(202)
    expect(await status("/api/event", { ...page, d: "write1" })).toBe(202)
    expect(await status("/api/event", { ...page, d: "unknown.test,shop.test" })).toBe(
      202
    )
    expect(await status("/w/write1/api/event", { ...page, d: "other.test" })).toBe(202)
    expect(await status("/api/event", { n: "pageview", u: "https://shop.test" })).toBe(
      202
    )
  })

  it("says what is wrong as Plausible does, and never that it is well", async () => {
    const unknown = await post("/api/event", { ...page, d: "other.test" })
    expect(unknown.status).toBe(401)
    expect(unknown.headers.get("x-plausible-dropped")).toBe("1")
    expect(JSON.parse(unknown.text)).toEqual({
      errors: { domain: [expect.any(String)] }
    })
    const nameless = await post("/api/event", { ...page, n: "" })
    expect(nameless.status).toBe(400)
    expect(JSON.parse(nameless.text)).toEqual({
      errors: { event_name: [expect.stringContaining("can't be blank")] }
    })
    expect(await post("/w/write1/api/event", "{")).toMatchObject({ status: 400 })
    const away = await post("/api/event", { ...page, d: "unclear" })
    expect(away.status).toBe(503)
    expect(away.headers.get("retry-after")).toMatch(/^\d+$/)
  })
})

describe("Umami's endpoint", () => {
  const item = {
    type: "event",
    payload: { website: WEBSITE, hostname: DOMAIN, url: "/a" }
  }

  it("keeps a visitor by the token of its answer", async () => {
    const first = await post("/api/send", item, { origin })
    expect(first.status).toBe(200)
    const { cache, sessionId } = JSON.parse(first.text)
    const elsewhere = { "x-forwarded-for": "198.51.100.9" }
    const idOf = async (headers: Record<string, string>) =>
      JSON.parse((await post("/api/send", item, headers)).text).sessionId
    expect(await idOf({ ...elsewhere, "x-umami-cache": cache })).toBe(sessionId)
    expect(await idOf({ ...elsewhere, "x-umami-cache": `${cache}0` })).not.toBe(
      sessionId
    )
    expect(await idOf({ ...elsewhere, "x-umami-cache": "" })).not.toBe(sessionId)
    expect(await idOf({})).toBe(sessionId)
    // Some proxies write the port of the connection behind the address.
    const noted = { "x-forwarded-for": "203.0.113.7:4711, 10.0.0.1" }
    expect(await idOf(noted)).toBe(sessionId)
  })

  it("lets a page send the token", async () => {
    const answer = await app.handle(
      new Request("http://localhost/api/send", {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type,x-umami-cache"
        }
      })
    )
    expect(answer.headers.get("access-control-allow-headers")).toContain(
      "x-umami-cache"
    )
  })

  it("says what is wrong as Umami does", async () => {
    const unknown = { ...item, payload: { ...item.payload, website: "other" } }
    const refused = await post("/api/send", unknown)
    expect(refused.status).toBe(401)
    expect(JSON.parse(refused.text)).toEqual({
      error: { message: expect.any(String), code: "unauthorized", status: 401 }
    })
    const odd = await post("/api/send", { ...item, type: "odd" })
    expect([odd.status, JSON.parse(odd.text).error.code]).toEqual([400, "bad-request"])
  })

  it("stores what a batch says, and only that", async () => {
    await runtime.runPromise(drain)
    const before = await account()
    const named = { type: "event", payload: { ...item.payload, name: "buy" } }
    const { status, text } = await post("/api/batch", [item, { type: "?" }, named])
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({ size: 3, processed: 2, errors: 1 })
    await runtime.runPromise(drain)
    expect(await account()).toMatchObject({
      accepted: before.accepted + 2,
      stored: before.stored + 2,
      balanced: true
    })
  })
})
