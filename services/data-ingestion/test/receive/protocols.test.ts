import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { protocolRoutes } from "@analytics/data-processing/protocols/protocolRoutes"
import { ManagedRuntime } from "effect"
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

const collector = "/com.snowplowanalytics.snowplow/tp2"
const origin = "https://shop.test"

const request = async (path: string, init: RequestInit = {}) => {
  const answer = await app.handle(new Request(`http://localhost${path}`, init))
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

const snowplow = (...data: ReadonlyArray<unknown>): RequestInit => ({
  method: "POST",
  body: JSON.stringify({ schema: "iglu:x", data })
})

const account = async (key: string) =>
  (await ask(app, "/v1/accounting", { headers: bearer(key) })).body

describe("a key in the path", () => {
  const page = { type: "page", userId: "u" }
  const json = { events: [page] }

  it.each([
    "/w/write1/v1/events",
    "/w/write1/v1/events/",
    "/w/write1/n",
    "/w/write1/n/"
  ])("sends to %s", async (path) => {
    expect((await ask(app, path, { json })).body).toMatchObject({ accepted: 1 })
  })

  it("is one like all others", async () => {
    const status = async (key: string) =>
      (await ask(app, `/w/${key}/v1/events`, { json })).status
    expect(await status("nobody's")).toBe(401)
    expect(await status("secret1")).toBe(403)
    expect(await status("unclear")).toBe(503)
    expect(await status("%E0%A4%A")).toBe(401)
    expect(await status("write%31")).toBe(200)
  })

  it("goes before what headers, query and body say", async () => {
    const before = await account("secret2")
    const sent = { ...json, writeKey: "write1" }
    const path = "/w/write2/v1/events?writeKey=write1"
    await ask(app, path, { json: sent, headers: basic("write1") })
    expect((await account("secret2")).accepted).toBe(before.accepted + 1)
  })

  it("leads to every protocol, from every page", async () => {
    for (const { methods, path } of protocolRoutes)
      for (const each of [path, `${path}/`, `/w/write1${path}`]) {
        const { headers, status } = await request(each.replace(":writeKey", "write1"), {
          method: "OPTIONS",
          headers: {
            origin,
            "access-control-request-method": methods[0] ?? "POST",
            "access-control-request-headers": "content-type,sp-anonymous"
          }
        })
        expect([each, status]).toEqual([each, 204])
        expect(headers.get("access-control-allow-origin")).toBe(origin)
        expect(headers.get("access-control-allow-credentials")).toBe("true")
        expect(headers.get("access-control-allow-headers")).toContain("sp-anonymous")
      }
  })
})

describe("what is sent by GET", () => {
  const event = { event: "looked", properties: { token: "write2", distinct_id: "u" } }
  const track = `/track?data=${encodeURIComponent(JSON.stringify(event))}`

  it("is kept by no cache, whatever it is answered", async () => {
    for (const [path, status] of [
      [track, 200],
      [track.replace("write2", "nobody's"), 401],
      ["/i?e=pv&uid=u&aid=write2", 200],
      ["/ice.png?e=pv&uid=u&aid=write2", 200],
      ["/w/unclear/v1/projects/x/settings", 503],
      ["/sourceConfig?writeKey=write2", 200]
    ] as const) {
      const answer = await request(path)
      expect([path, answer.status]).toEqual([path, status])
      expect([path, answer.headers.get("cache-control")]).toEqual([path, "no-store"])
    }
    const config = await request("/array/write2/config")
    expect(config.headers.get("cache-control")).toBe("public, max-age=300")
    // Else a page would be given what was said to no page.
    expect(config.headers.get("vary")).toBe("origin")
  })

  it("is not sent by who asks for the headers alone", async () => {
    const before = await account("secret2")
    const server = app.listen({ hostname: "127.0.0.1", port: 0 }).server
    const answer = await fetch(`http://127.0.0.1:${server?.port}${track}`, {
      method: "HEAD"
    }).finally(() => server?.stop(true))
    expect(answer.status).toBe(405)
    expect(answer.headers.get("allow")).toBe("GET, POST")
    expect((await account("secret2")).accepted).toBe(before.accepted)
  })
})

describe("a page that sends without an id", () => {
  it("is one visitor on a device, and another elsewhere", async () => {
    const send = (agent: string, headers: Record<string, string>) =>
      ask(app, "/w/write1/v1/events", {
        json: [{ type: "page" }],
        headers: { "user-agent": agent, ...headers }
      })
    expect((await send("Mozilla/5.0", { origin })).body.accepted).toBe(1)
    // A server has no visitor of its own.
    expect((await send("node", {})).body.rejected[0].reason).toMatch(/anonymousId/)
  })
})

describe("a Snowplow tracker", () => {
  it("is answered in its own words", async () => {
    const posted = await request(
      `/w/write1${collector}`,
      snowplow({ e: "pv", uid: "u", eid: "sp1" })
    )
    expect(posted).toMatchObject({ status: 200, text: "ok" })
    expect(posted.headers.get("content-type")).toStartWith("text/plain")
    const pixel = await request("/i?e=pv&uid=u&aid=write1&eid=sp2", {
      headers: { origin }
    })
    expect(pixel.status).toBe(200)
    expect(pixel.headers.get("content-type")).toBe("image/gif")
    expect(pixel.headers.get("access-control-allow-origin")).toBe(origin)
    expect(pixel.text).toStartWith("GIF89a")
  })

  it("may name its application as the key, and knows what to send again", async () => {
    const status = async (aid: string) =>
      (await request(collector, snowplow({ e: "pv", uid: "u", aid }))).status
    expect(await status("write1")).toBe(200)
    expect(await status("nobody's")).toBe(401)
    expect(await status("unclear")).toBe(503)
    expect((await request(collector, { method: "POST", body: "{" })).status).toBe(400)
    const large = snowplow({ e: "pv", aid: "write1", page: "x".repeat(600 * 1024) })
    expect((await request(collector, large)).status).toBe(422)
  })
})

describe("what is no event of its protocol", () => {
  it("is accounted for, and can be looked at", async () => {
    await runtime.runPromise(drain)
    const before = await account("secret2")
    const { text } = await request(
      `/w/write2${collector}`,
      snowplow({ e: "pv", uid: "u", eid: "good" }, { e: "?", eid: "bad" }, 7)
    )
    expect(text).toBe("ok")
    expect(await account("secret2")).toMatchObject({
      accepted: before.accepted + 3,
      pending: before.pending + 3,
      balanced: true
    })
    await runtime.runPromise(drain)
    expect(await account("secret2")).toMatchObject({
      stored: before.stored + 1,
      quarantined: before.quarantined + 2,
      pending: 0,
      balanced: true
    })
    const list = await ask(app, "/v1/quarantine", { headers: bearer("secret2") })
    const { events } = list.body
    const why = (detail: string, sent: string) => ({
      reason: "malformed",
      detail: expect.stringContaining(detail),
      sent
    })
    expect(events).toHaveLength(2)
    expect(events).toContainEqual(
      expect.objectContaining(why("e must be one of", '{"e":"?","eid":"bad"}'))
    )
    expect(events).toContainEqual(
      expect.objectContaining(why("must be an object", "7"))
    )
    const receipt = await ask(app, "/v1/messages/bad", { headers: bearer("secret2") })
    expect(receipt.body).toMatchObject({ status: "quarantined", reason: "malformed" })
    // Nobody knows what it was meant to be.
    const replayed = await ask(app, `/v1/quarantine/${events[0].id}/replay`, {
      method: "POST",
      headers: bearer("secret2")
    })
    expect(replayed.status).toBe(409)
  })
})
