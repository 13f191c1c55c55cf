import { afterAll, beforeAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { ManagedRuntime } from "effect"
import { SqlClient } from "effect/sql"
import { makeApp } from "../src/App.ts"
import {
  type App,
  ask,
  basic,
  bearer,
  ingestionWith,
  keyOf,
  known
} from "./ingestionTest.ts"
import { drain } from "./loader/faults.ts"

setDefaultTimeout(60_000)

const runtime = ManagedRuntime.make(ingestionWith())
let app: App
beforeAll(async () => {
  await runtime.context()
  app = makeApp(runtime)
}, 60_000)
afterAll(() => runtime.dispose(), 60_000)

let last = 100

/** A project with these settings, of which nothing is known yet. */
const projectWith = (patch: object) => {
  const id = ++last
  const write = `write${id}`
  const secret = `secret${id}`
  const set = (change: object) => {
    const settings = JSON.stringify(change)
    known.set(write, { ...keyOf(id, "write"), settings })
    known.set(secret, { ...keyOf(id, "secret"), settings })
  }
  set(patch)
  const get = async (path: string) =>
    (await ask(app, path, { headers: bearer(secret) })).body
  return {
    id,
    set,
    send: (batch: ReadonlyArray<object>, headers: Record<string, string> = {}) =>
      ask(app, "/v1/b", {
        json: {
          batch: batch.map((event) => ({
            type: "track",
            event: "seen",
            anonymousId: "a1",
            ...event
          }))
        },
        headers: { ...basic(write), ...headers }
      }),
    account: () => get("/v1/accounting"),
    receipt: (id: string) => get(`/v1/messages/${id}`),
    quarantine: async () => (await get("/v1/quarantine")).events,
    violations: async () => (await get("/v1/schema-violations")).violations,
    replay: () =>
      ask(app, "/v1/quarantine/replay", { method: "POST", headers: bearer(secret) }),
    stored: () =>
      runtime.runPromise(
        ClickHouse.use((store) =>
          store.query<{
            id: string
            ip: string
            user: string
            anonymous: string
            context: Record<string, string>
          }>(
            `SELECT message_id AS id, context['ip'] AS ip, user_id AS user,
                    anonymous_id AS anonymous, context
               FROM events WHERE project_id = {id:UInt32} ORDER BY message_id`,
            { params: { id } }
          )
        )
      ),
    /** Lines of the inbox, as they were made durable. */
    lanes: () =>
      runtime.runPromise(
        SqlClient.SqlClient.use(
          (sql) => sql<{ lane: string }>`
            SELECT lane FROM ingest.inbox
             WHERE project_ids @> ARRAY[${BigInt(id)}::bigint] ORDER BY received_at, id`
        )
      )
  }
}

const load = () => runtime.runPromise(drain)

describe("addresses", () => {
  const policies = [
    ["truncate", "203.0.113.0", "2001:db8:7::"],
    ["keep", "203.0.113.77", "2001:db8:7::9"],
    ["drop", undefined, undefined]
  ] as const
  it.each(policies)("%s", async (ip, v4, v6) => {
    const project = projectWith({ ip })
    await project.send([
      { messageId: "4", context: { ip: "203.0.113.77" } },
      { messageId: "6", context: { ip: "2001:db8:7::9" } },
      { messageId: "x", context: { ip: "not an address", app: { name: "n" } } }
    ])
    await load()
    const text = (value: string | undefined) =>
      value === undefined ? "" : JSON.stringify(value)
    const stored = await project.stored()
    expect(stored.map((event) => event.ip)).toEqual([
      text(v4),
      text(v6),
      text(ip === "keep" ? "not an address" : undefined)
    ])
    expect(stored[2]?.context["app.name"]).toBe('"n"')
  })

  it("are truncated where nobody chose", async () => {
    const { body } = await ask(app, "/v1/track", {
      json: { event: "e", userId: "u", messageId: "ip", context: { ip: "10.1.2.3" } },
      headers: basic("write2")
    })
    expect(body.accepted).toBe(1)
    await load()
    const rows = await runtime.runPromise(
      ClickHouse.use((store) =>
        store.query("SELECT context['ip'] AS ip FROM events WHERE project_id = 2")
      )
    )
    expect(rows).toEqual([{ ip: '"10.1.2.0"' }])
  })

  it("are hashed with a key of the installation, differently in each project", async () => {
    const hashes = []
    for (const project of [projectWith({ ip: "hash" }), projectWith({ ip: "hash" })]) {
      await project.send([
        { messageId: "1", context: { ip: "203.0.113.77" } },
        { messageId: "2", context: { ip: "::ffff:203.0.113.77" } },
        { messageId: "3", context: { ip: "203.0.113.78" } }
      ])
      await load()
      const [one, two, three] = (await project.stored()).map(({ ip }) => ip)
      expect(one).toMatch(/^"hash:[0-9a-f]{32}"$/)
      expect(two).toBe(one as string)
      expect(three).not.toBe(one as string)
      hashes.push(one)
    }
    expect(hashes[0]).not.toBe(hashes[1])
  })

  it("of a request never reach the inbox whole", async () => {
    const project = projectWith({ ip: "truncate" })
    await project.send([{ messageId: "1" }], { "x-forwarded-for": "198.51.100.23" })
    const frames = await runtime.runPromise(
      SqlClient.SqlClient.use(
        (sql) => sql<{ frame: Uint8Array<ArrayBuffer> }>`
          SELECT frame FROM ingest.inbox
           WHERE project_ids @> ARRAY[${BigInt(project.id)}::bigint]`
      )
    )
    const lines = frames.map(({ frame }) => Bun.zstdDecompressSync(frame).toString())
    expect(lines.join("\n")).toContain('"ip":"198.51.100.0"')
    expect(lines.join("\n")).not.toContain("198.51.100.23")
  })
})

describe("exclusions", () => {
  it("drop and count, give a receipt, and claim no id", async () => {
    const project = projectWith({
      exclusions: {
        addresses: ["198.51.100.0/24", "2001:db8::/32"],
        userAgents: ["headlesschrome"],
        hosts: ["*.staging.example.com"],
        paths: ["/admin/**"],
        properties: [
          { property: "internal", equals: true },
          { property: "user.team", equals: "qa" }
        ],
        userIds: ["u-tester"],
        emailDomains: ["example.com"]
      }
    })
    const page = (given: object) => ({ context: { page: given } })
    const { body } = await project.send(
      [
        { messageId: "kept", userId: "u", properties: { internal: "true" } },
        { messageId: "agent", context: { userAgent: "X HeadlessChrome/120" } },
        { messageId: "host", ...page({ url: "https://a.staging.example.com/x" }) },
        { messageId: "path", ...page({ path: "/admin/users/7" }) },
        { messageId: "mark", properties: { internal: true } },
        { messageId: "trait", context: { traits: { team: "qa" } } },
        { messageId: "user", userId: "u-tester" },
        { messageId: "mail", userId: "Jo@Example.com" },
        { messageId: "v6", context: { ip: "2001:db8::1" } }
      ],
      { "x-forwarded-for": "203.0.113.9" }
    )
    expect(body).toEqual({ success: true, accepted: 9, rejected: [] })
    await project.send([{ messageId: "address" }], {
      "x-forwarded-for": "198.51.100.77"
    })
    expect(await project.account()).toMatchObject({ pending: 10, balanced: true })
    expect((await project.receipt("mark")).status).toBe("pending")
    await load()
    expect(await project.account()).toMatchObject({
      accepted: 10,
      stored: 1,
      pending: 0,
      dropped: {
        excluded_address: 2,
        excluded_user_agent: 1,
        excluded_host: 1,
        excluded_path: 1,
        excluded_internal: 4
      },
      balanced: true
    })
    expect(await project.receipt("mark")).toMatchObject({
      status: "dropped",
      reason: "excluded_internal"
    })
    expect((await project.stored()).map(({ id }) => id)).toEqual(["kept"])
    // The same message, from where nothing is excluded.
    await project.send([{ messageId: "mark" }, { messageId: "mark" }])
    await load()
    expect((await project.receipt("mark")).status).toBe("stored")
    expect(await project.account()).toMatchObject({
      stored: 2,
      duplicate: 1,
      balanced: true
    })
  })
})

describe("consent", () => {
  it("of Do Not Track and Global Privacy Control leaves nothing of who", async () => {
    const project = projectWith({ consent: { doNotTrack: "anonymise" } })
    const identify = {
      type: "identify",
      messageId: "2",
      userId: "u",
      traits: { email: "e" }
    }
    const event = {
      messageId: "1",
      userId: "u",
      context: { ip: "10.0.0.1", traits: { email: "e" }, page: { path: "/p" } }
    }
    await project.send([event, identify], { dnt: "1" })
    await project.send([{ ...event, messageId: "3" }], { "sec-gpc": "1" })
    await project.send([{ ...event, messageId: "4" }], { dnt: "0" })
    await load()
    const nobody = {
      ip: "",
      user: "",
      anonymous: "",
      context: { "page.path": '"/p"' }
    }
    expect(await project.stored()).toEqual([
      { id: "1", ...nobody },
      { id: "3", ...nobody },
      expect.objectContaining({ id: "4", user: "u", anonymous: "a1" })
    ])
    expect(await project.account()).toMatchObject({
      dropped: { do_not_track: 1 },
      balanced: true
    })
  })

  it("of categories is asked of each event", async () => {
    const project = projectWith({
      consent: { required: ["analytics"], whenUnknown: "deny" }
    })
    const saying = (categoryPreferences: object) => ({
      context: { consent: { categoryPreferences } }
    })
    await project.send([
      { messageId: "yes", ...saying({ analytics: true, ads: false }) },
      { messageId: "no", ...saying({ analytics: false }) },
      { messageId: "odd", ...saying({ analytics: "true" }) },
      { messageId: "silent" }
    ])
    await load()
    expect((await project.stored()).map(({ id }) => id)).toEqual(["yes"])
    expect(await project.account()).toMatchObject({
      dropped: { no_consent: 3 },
      balanced: true
    })
  })
})

describe("the schema of expected events", () => {
  const events = {
    bought: {
      required: ["revenue", "cart.items"],
      properties: { revenue: "number", coupon: ["string", "array"] }
    }
  } as const
  const sound = { revenue: 1.5, cart: { items: 2 }, coupon: ["a"] }
  const batch = [
    { messageId: "ok", event: "bought", properties: sound },
    { messageId: "type", event: "bought", properties: { ...sound, revenue: "1.5" } },
    { messageId: "none", event: "bought", properties: { revenue: 1, cart: null } },
    { messageId: "new", event: "unheard of" },
    { messageId: "page", type: "page" }
  ]

  it("warns: stored, counted, and told to the sender", async () => {
    const project = projectWith({
      schema: { mode: "warn", unknownEvents: "observe", events }
    })
    const { body } = await project.send([...batch, ...batch])
    expect(body.warnings.slice(0, 2)).toEqual([
      { messageId: "type", reason: "bought: revenue expected number, got string" },
      { messageId: "none", reason: "bought: cart.items missing" }
    ])
    await load()
    expect(await project.account()).toMatchObject({ stored: 5, duplicate: 5 })
    // A duplicate is no second violation.
    expect(await project.violations()).toMatchObject([
      { event: "bought", property: "cart.items", problem: "missing", events: 1 },
      { event: "bought", property: "revenue", events: 1, lastMessageId: "type" },
      { event: "unheard of", property: "", problem: "unknown event", events: 1 }
    ])
    await project.send([{ messageId: "more", event: "unheard of" }])
    await load()
    expect((await project.violations())[0]).toMatchObject({
      event: "unheard of",
      events: 2,
      lastMessageId: "more"
    })
  })

  it("quarantines, and a replay judges by the schema of its time", async () => {
    const schema = { mode: "quarantine", unknownEvents: "quarantine", events } as const
    const project = projectWith({ schema })
    expect((await project.send(batch)).body.warnings).toBeUndefined()
    await load()
    expect(await project.account()).toMatchObject({
      stored: 2,
      quarantined: 3,
      balanced: true
    })
    expect(await project.quarantine()).toMatchObject([
      {
        messageId: "type",
        reason: "schema_mismatch",
        detail: "bought: revenue expected number, got string"
      },
      { messageId: "none", detail: "bought: cart.items missing" },
      { messageId: "new", detail: "unheard of: unknown event" }
    ])
    expect((await project.replay()).body).toMatchObject({ replayed: 0, stillFaulty: 3 })
    project.set({
      schema: {
        ...schema,
        unknownEvents: "allow",
        events: { bought: { required: ["revenue"] } }
      }
    })
    expect((await project.replay()).body).toMatchObject({ replayed: 3, stillFaulty: 0 })
    await load()
    expect(await project.account()).toMatchObject({
      stored: 5,
      quarantined: 0,
      balanced: true
    })
  })

  it("lists a thousand kinds, and counts the others together", async () => {
    const project = projectWith({ schema: { unknownEvents: "observe" } })
    const named = (from: number) =>
      Array.from({ length: 600 }, (_, i) => ({
        messageId: `${from}-${i}`,
        event: `name ${from + i}`
      }))
    await project.send(named(0))
    await load()
    await project.send(named(500))
    await load()
    const listed = await project.violations()
    expect(listed).toHaveLength(1000)
    const events = (all: ReadonlyArray<{ events: number }>) =>
      all.reduce((sum, each) => sum + each.events, 0)
    expect(events(listed)).toBe(1200)
    expect(
      listed.find(({ problem }: { problem: string }) => problem === "others")
    ).toMatchObject({ event: "", property: "", events: 101 })
  })
})

describe("a monthly quota", () => {
  it("leads into the bulk lane and then to 429, and loses nothing", async () => {
    const project = projectWith({ limits: { monthlyEvents: 1 } })
    let accepted = 0
    const send = async () => {
      const answer = await project.send([{}])
      if (answer.status === 200) accepted++
      return answer
    }
    /** The count of the month comes once a second. */
    const until = async (isOver: () => Promise<boolean>) => {
      const deadline = Date.now() + 60_000
      while (!(await isOver())) {
        expect(Date.now()).toBeLessThan(deadline)
        await Bun.sleep(50)
      }
    }
    await until(async () => {
      await send()
      return (await project.lanes()).at(-1)?.lane === "bulk"
    })
    project.set({ limits: { monthlyEvents: 1, monthlyHardLimit: accepted } })
    await until(async () => {
      const { body, headers, status } = await send()
      if (status === 200) return false
      expect(status).toBe(429)
      expect(body.detail).toContain("used up until")
      const seconds = Number(headers.get("retry-after"))
      expect(seconds).toBeGreaterThanOrEqual(1)
      expect(seconds).toBeLessThanOrEqual(3600)
      return true
    })
    await load()
    expect(await project.account()).toMatchObject({
      accepted,
      stored: accepted,
      balanced: true
    })
    project.set({})
    expect((await send()).status).toBe(200)
  }, 130_000)
})
