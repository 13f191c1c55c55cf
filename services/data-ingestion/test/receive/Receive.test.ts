import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { gzipSync } from "node:zlib"
import { ManagedRuntime } from "effect"
import fc from "fast-check"
import { makeApp } from "../../src/App.ts"
import { type App, ask, basic, bearer, ingestionWith } from "../ingestionTest.ts"
import { drain } from "../loader/faults.ts"

const runtime = ManagedRuntime.make(ingestionWith())
let app: App
beforeAll(async () => {
  await runtime.context()
  app = makeApp(runtime)
}, 60_000)
afterAll(() => runtime.dispose(), 60_000)

const track = (messageId?: string) => ({
  type: "track",
  event: "bought",
  userId: "u1",
  ...(messageId === undefined ? {} : { messageId })
})
const taken = (accepted: number) => ({ success: true, accepted, rejected: [] })
const headers = basic("write1")

describe("receiving", () => {
  it.each(["track", "page", "screen", "identify", "t/", "p", "s", "i/"])(
    "takes one event at /v1/%s",
    async (path) => {
      const json = { event: "e", userId: "u" }
      const { body, status } = await ask(app, `/v1/${path}`, { json, headers })
      expect(status).toBe(200)
      expect(body).toEqual(taken(1))
    }
  )

  it("judges each path by its own kind, with a slash at its end or not", async () => {
    const reason = async (path: string) => {
      const { body } = await ask(app, path, { json: { userId: "u" }, headers })
      return body.rejected[0]?.reason ?? "accepted"
    }
    for (const path of ["/v1/track", "/v1/t/"])
      expect(await reason(path)).toMatch(/^event/)
    for (const path of ["/v1/group/", "/v1/g"])
      expect(await reason(path)).toMatch(/^groupId/)
    for (const path of ["/v1/alias", "/v1/a/"])
      expect(await reason(path)).toMatch(/alias/)
    for (const path of ["/v1/identify/", "/v1/p"])
      expect(await reason(path)).toBe("accepted")
    const slash = await ask(app, "/v1/b/", { method: "OPTIONS" })
    expect(slash.status).toBe(204)
  })

  it.each(["/v1/batch", "/v1/batch/", "/v1/b", "/v1/b/"])(
    "takes a batch at %s",
    async (path) => {
      const json = { batch: [track(), { type: "nope", messageId: "x", userId: "u" }] }
      const { body, status } = await ask(app, path, { json, headers })
      expect(status).toBe(200)
      expect(body).toMatchObject({
        accepted: 1,
        rejected: [{ index: 1, messageId: "x" }]
      })
    }
  )

  it("finds the key wherever the clients put it", async () => {
    const json = { event: "e", userId: "u" }
    const asked = [
      ask(app, "/v1/track", { json, headers: basic("write1") }),
      ask(app, "/v1/track", { json, headers: bearer("write1") }),
      ask(app, "/v1/track?writeKey=write1", { json }),
      ask(app, "/v1/track", { json: { ...json, writeKey: "write1" } })
    ]
    for (const { status } of await Promise.all(asked)) expect(status).toBe(200)
  })

  it("tells unknown keys from keys that cannot be checked", async () => {
    const status = async (key?: string) =>
      (await ask(app, "/v1/track", { json: track(), headers: key ? basic(key) : {} }))
        .status
    expect(await status("nobody")).toBe(401)
    expect(await status()).toBe(401)
    expect(await status("secret1")).toBe(403)
    expect(await status("unclear")).toBe(503)
  })

  it("reads gzip and JSON whatever the headers call them", async () => {
    const text = JSON.stringify({ batch: [track()] })
    const bodies = [
      { body: gzipSync(text), type: "application/x-www-form-urlencoded" },
      { body: text, type: "text/plain;charset=UTF-8" },
      { body: gzipSync(text), type: "application/json" },
      { body: text, type: "multipart/form-data; boundary=x" }
    ]
    for (const { body, type } of bodies) {
      const given = { ...headers, "content-type": type, "content-encoding": "gzip" }
      expect((await ask(app, "/v1/batch", { body, headers: given })).body).toEqual(
        taken(1)
      )
    }
  })

  it("lets every page send, beacons too", async () => {
    const origin = "https://shop.example.com"
    const preflight = await ask(app, "/v1/t", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-headers": "authorization,x-y" }
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get("access-control-allow-headers")).toBe(
      "authorization,x-y"
    )
    const beacon = await ask(app, "/v1/t", {
      body: JSON.stringify({ ...track(), writeKey: "write1" }),
      headers: { origin, "content-type": "text/plain" }
    })
    expect(beacon.body).toEqual(taken(1))
    expect(beacon.headers.get("access-control-allow-origin")).toBe(origin)
  })

  it("answers 400 when nothing can be read, and 413 when it is too much", async () => {
    const status = async (body: string | Uint8Array<ArrayBuffer>, path = "/v1/batch") =>
      (await ask(app, path, { body, headers })).status
    for (const body of ["{", "[]", '{"batch":{}}', "{}", "null", '"x"'])
      expect(await status(body)).toBe(400)
    expect(await status(new Uint8Array([0x1f, 0x8b, 1, 2, 3]))).toBe(400)
    expect(await status(`{"batch":[${"null,".repeat(2500)}null]}`)).toBe(413)
    expect(await status(`{"batch":["${"x".repeat(512_000)}"]}`)).toBe(413)
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024))
    expect(await status(bomb)).toBe(413)
    expect(await status(`{"batch":[${"null,".repeat(2499)}null]}`)).toBe(200)
  })

  it("reads less while nobody vouches for the sender", async () => {
    const json = { ...track(), writeKey: "write1", context: "x".repeat(129 * 1024) }
    const { body, status } = await ask(app, "/v1/track", { json })
    expect(status).toBe(413)
    expect(body.detail).toMatch(/put the key into Authorization/)
    const big = { batch: [track()], filler: json.context }
    expect((await ask(app, "/v1/batch", { json: big, headers })).status).toBe(200)
  })

  it("answers problem details and says when to come back", async () => {
    const { body, headers: answered } = await ask(app, "/v1/track", {
      json: track(),
      headers: basic("unclear")
    })
    expect(answered.get("content-type")).toBe("application/problem+json")
    expect(answered.get("retry-after")).toMatch(/^\d+$/)
    expect(body).toMatchObject({ status: 503, instance: "/v1/track" })
  })

  it("holds the answer until the events are stored, when asked to", async () => {
    const asked = ask(app, "/v1/track", {
      json: track("waited-for"),
      headers: { ...headers, prefer: "wait=20" }
    })
    const loading = runtime.runPromise(drain)
    const late = await ask(app, "/v1/track", {
      json: track("not-waited-for"),
      headers: { ...headers, prefer: "respond-async, wait=0" }
    })
    expect(late.headers.has("preference-applied")).toBe(false)
    await loading
    await runtime.runPromise(drain)
    expect((await asked).headers.get("preference-applied")).toBe("wait=20")
  })

  it("never fails on hostile bodies, and never takes them for another's", async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
      fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
      fc
        .jsonValue()
        .map((value) => Buffer.from(JSON.stringify({ batch: [value, [value]] }))),
      fc.jsonValue().map((value) => gzipSync(JSON.stringify({ batch: value })))
    )
    await fc.assert(
      fc.asyncProperty(
        piece,
        fc.constantFrom("batch", "t", "alias"),
        async (body, path) => {
          const copy = new Uint8Array(body)
          const { status } = await ask(app, `/v1/${path}`, { body: copy, headers })
          expect([200, 400]).toContain(status)
        }
      ),
      { numRuns: 200 }
    )
    const sql = {
      event: "'; DROP TABLE ingest.inbox; --",
      userId: "\n\nDROP TABLE events"
    }
    expect((await ask(app, "/v1/track", { json: sql, headers })).body).toEqual(taken(1))
  })

  it("documents itself", async () => {
    const { body } = await ask(app, "/openapi.json")
    expect(Object.keys(body.paths)).toContain("/v1/batch")
    expect(Object.keys(body.paths)).not.toContain("/v1/b/")
    expect(body.paths["/v1/accounting"].get.responses).toHaveProperty("200")
  })
})
