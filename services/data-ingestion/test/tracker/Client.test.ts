import { afterAll, beforeAll, expect, it, setDefaultTimeout } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { createClient } from "@analytics/tracker/client/createClient"
import type { ClientOptions, Trouble } from "@analytics/tracker/client/options"
import { ManagedRuntime } from "effect"
import { makeApp } from "../../src/App.ts"
import { type App, ask, bearer, ingestionWith } from "../ingestionTest.ts"
import { drain } from "../loader/faults.ts"

setDefaultTimeout(60_000)

const runtime = ManagedRuntime.make(ingestionWith())
let app: App
beforeAll(async () => {
  await runtime.context()
  app = makeApp(runtime)
}, 60_000)
afterAll(() => runtime.dispose(), 60_000)

/** What happens to the requests of a client, one after the other; then nothing. */
type Fault = "lost" | "unheard" | "busy"

const clientOf = (
  key: string,
  faults: Array<Fault>,
  options: Partial<ClientOptions>
) => {
  const troubles: Array<Trouble> = []
  const client = createClient({
    url: "http://localhost",
    key,
    backoff: 1,
    maxBackoff: 5,
    onError: (trouble) => troubles.push(trouble),
    ...options,
    platform: {
      fetch: async (url, init) => {
        const fault = faults.shift()
        if (fault === "lost") throw new TypeError("reset before")
        if (fault === "busy") return new Response("", { status: 503 })
        const request = new Request(url, {
          ...init,
          ...(options.mode === "device" && {
            headers: {
              ...init.headers,
              origin: "https://shop.example",
              "user-agent": "UA"
            }
          })
        })
        const answer = await app.handle(request)
        if (fault === "unheard") throw new TypeError("reset after")
        return answer
      }
    }
  })
  return { client, troubles }
}

const stored = async (project: number) => {
  await runtime.runPromise(drain)
  return runtime.runPromise(
    ClickHouse.use((store) =>
      store.query<{
        readonly event: string
        readonly user: string
        readonly anonymous: string
        readonly properties: string
      }>(
        `SELECT event, user_id AS user, anonymous_id AS anonymous,
                toJSONString(props) AS properties
           FROM events WHERE project_id = {project:UInt32} ORDER BY event`,
        { params: { project } }
      )
    )
  )
}

it("gives the service every event once, whatever is lost on the way", async () => {
  const faults: Array<Fault> = ["unheard", "lost", "busy", "unheard", "lost", "unheard"]
  const { client, troubles } = clientOf("write1", faults, { flushAt: 7, maxBatch: 5 })
  for (let n = 10; n < 60; n++) client.track(`e${n}`, { n }, { userId: `u${n % 3}` })
  client.page("Home", undefined, { userId: "u0" })
  client.identify("u0", { plan: "pro" })
  client.group("g1", { name: "ACME" }, { userId: "u0" })
  client.alias("u0", "a0")
  await client.close(30_000)
  expect(troubles).toEqual([])
  const events = await stored(1)
  expect(events.map(({ event }) => event)).toEqual([
    "$alias",
    "$group",
    "$identify",
    "$pageview",
    ...Array.from({ length: 50 }, (_, n) => `e${n + 10}`)
  ])
  const first = events.find(({ event }) => event === "e10")
  expect(first).toMatchObject({ user: "u1", properties: '{"n":"10"}' })
  const account = await ask(app, "/v1/accounting", { headers: bearer("secret1") })
  // Three requests of five were taken, and sent again since nobody heard of it.
  expect(account.body).toMatchObject({ stored: 54, duplicate: 15, balanced: true })
})

it("sends for a device, which needs no id", async () => {
  const { client } = clientOf("write2", [], { mode: "device", consent: "granted" })
  client.track("a")
  await client.close()
  // As the script of pages does without consent.
  const answer = await ask(app, "/w/write2/n", {
    body: JSON.stringify({ events: [{ type: "track", event: "b" }] }),
    headers: { origin: "https://shop.example", "user-agent": "UA" }
  })
  expect(answer.body).toMatchObject({ accepted: 1, rejected: [] })
  const names = (await stored(2)).map(({ anonymous }) => anonymous)
  expect(names.length).toBe(2)
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{32}$/)
})

it("hears why it is refused, and does not insist", async () => {
  for (const [key, status] of [
    ["unknown", 401],
    ["secret1", 403]
  ] as const) {
    const { client, troubles } = clientOf(key, [], {})
    client.track("a", {}, { userId: "u" })
    expect(await client.flush()).toBe(true)
    expect(troubles).toMatchObject([{ kind: "refused", status }])
    expect(troubles[0]?.detail).not.toBe("")
  }
  const { client, troubles } = clientOf("write1", [], {})
  client.track("x".repeat(2000), {}, { userId: "u" })
  await client.flush()
  expect(troubles).toMatchObject([
    { kind: "rejected", detail: expect.stringMatching(/^event is longer/) }
  ])
})
