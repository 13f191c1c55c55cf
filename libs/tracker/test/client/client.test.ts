import { describe, expect, it } from "bun:test"
import { World } from "./World.ts"

const who = { userId: "u1" }

describe("events", () => {
  it("are what the service takes, each with an id and a time", async () => {
    const world = new World()
    const client = world.client({ context: { app: { name: "shop" } } })
    const id = client.track(
      "a",
      { n: 1 },
      { ...who, groupId: "g", context: { ip: "::1" } }
    )
    client.page("Home", { path: "/" }, who)
    client.screen("Main", undefined, {
      ...who,
      timestamp: new Date(0),
      messageId: "m1"
    })
    client.identify("u2", { plan: "pro" })
    client.group("g1", { name: "ACME" }, { ...who, groupType: "company" })
    client.alias("u1", "u0")
    expect(await client.flush()).toBe(true)
    const timestamp = "2026-11-23T00:00:00.000Z"
    const context = { app: { name: "shop" } }
    const messageId = expect.stringMatching(/^[0-9a-f]{32}$/)
    expect(world.sent.length).toBe(1)
    expect(world.sent[0]).toMatchObject({
      url: "https://events.example/v1/events",
      headers: { authorization: "Bearer wk_1" }
    })
    expect(world.events).toEqual([
      {
        type: "track",
        event: "a",
        properties: { n: 1 },
        groupId: "g",
        ...who,
        messageId: id,
        timestamp,
        context: { ...context, ip: "::1" }
      },
      {
        type: "page",
        name: "Home",
        properties: { path: "/" },
        ...who,
        messageId,
        timestamp,
        context
      },
      {
        type: "screen",
        name: "Main",
        ...who,
        messageId: "m1",
        timestamp: "1970-01-01T00:00:00.000Z",
        context
      },
      {
        type: "identify",
        userId: "u2",
        traits: { plan: "pro" },
        messageId,
        timestamp,
        context
      },
      {
        type: "group",
        groupId: "g1",
        groupType: "company",
        traits: { name: "ACME" },
        ...who,
        messageId,
        timestamp,
        context
      },
      { type: "alias", userId: "u1", previousId: "u0", messageId, timestamp, context }
    ])
  })

  it("that cannot be sent are told, and harm no others", async () => {
    const world = new World()
    const client = world.client()
    const circular: Record<string, unknown> = {}
    circular["self"] = circular
    client.track("a", circular, who)
    client.track("b", { big: 1n }, who)
    client.track("c")
    client.track("d", {}, who)
    client.track("e", {}, { ...who, timestamp: new Date("never") })
    expect(await client.flush()).toBe(true)
    expect(world.troubles.map(({ kind }) => kind)).toEqual([
      "unusable",
      "unusable",
      "unusable"
    ])
    expect(world.events).toMatchObject([{ event: "d" }, { event: "e" }])
    expect(client.dropped()).toBe(3)
  })

  it("that the service did not take are told with its reason", async () => {
    const world = new World()
    world.answer = () => ({
      status: 200,
      body: { rejected: [{ index: 1, reason: "event is longer" }, { index: 9 }, null] }
    })
    const client = world.client()
    client.track("a", {}, who)
    client.track("b", {}, who)
    await client.flush()
    expect(world.troubles).toMatchObject([
      { kind: "rejected", detail: "event is longer", events: [{ event: "b" }] }
    ])
  })
})

describe("requests", () => {
  it("wait for further events, but not for many", async () => {
    const world = new World()
    const client = world.client({ flushAt: 3, flushInterval: 1000 })
    client.track("a", {}, who)
    await world.pass(999)
    expect(world.sent.length).toBe(0)
    await world.pass(1)
    expect(world.sent.length).toBe(1)
    for (const name of ["b", "c", "d"]) client.track(name, {}, who)
    await world.pass(0)
    expect(world.sent.map(({ events }) => events.length)).toEqual([1, 3])
    expect(world.timers).toBe(0)
  })

  it("have bounds of events and bytes", async () => {
    const world = new World()
    const client = world.client({ maxBatch: 4, maxBatchBytes: 1000, flushAt: 100 })
    for (let n = 0; n < 10; n++) client.track(`e${n}`, {}, who)
    client.track("large", { text: "ä".repeat(1000) }, who)
    client.track("last", {}, who)
    await client.flush()
    expect(world.sent.map(({ events }) => events.length)).toEqual([4, 4, 2, 1, 1])
  })

  it("are halved when they are too large, and one event is given up", async () => {
    const world = new World()
    world.answer = ({ events }) => {
      const large = events.some(
        (event) => event.type === "track" && event.event === "x"
      )
      return { status: large || events.length > 3 ? 413 : 200 }
    }
    const client = world.client({ flushAt: 100 })
    for (const name of ["a", "b", "c", "x", "d", "e", "f"]) client.track(name, {}, who)
    expect(await client.flush()).toBe(true)
    expect(world.troubles).toMatchObject([
      { kind: "refused", status: 413, events: [{ event: "x" }] }
    ])
    expect(world.sent.map(({ events }) => events.length)).toEqual([7, 3, 4, 2, 1, 2, 1])
  })
})

describe("failures", () => {
  it("are tried again ever later, as often as was asked", async () => {
    const world = new World()
    const at: Array<number> = []
    world.answer = () => {
      at.push(world.now)
      return at.length % 2 === 0 ? { status: 503 } : undefined
    }
    const client = world.client({ retries: 4, backoff: 100, maxBackoff: 300 })
    client.track("a", {}, who)
    await world.pass(60_000)
    const [first = 0] = at
    expect(at.map((time) => time - first)).toEqual([0, 100, 300, 600, 900])
    expect(world.troubles).toMatchObject([
      { kind: "exhausted", events: [{ event: "a" }] }
    ])
    expect(new Set(world.sent.map(({ events }) => events[0]?.messageId)).size).toBe(1)
    expect(client.waiting()).toBe(0)
    expect(world.timers).toBe(0)
  })

  it.each([
    ["7", 7000],
    ["Mon, 23 Nov 2026 00:00:30 GMT", 29_000],
    ["soon", 100]
  ])("wait as `Retry-After: %s` says", async (header, wait) => {
    const world = new World()
    world.answer = () => ({ status: 429, headers: { "retry-after": header } })
    const client = world.client({ backoff: 100 })
    client.track("a", {}, who)
    await world.pass(1000)
    await world.pass(wait - 1)
    expect(world.sent.length).toBe(1)
    await world.pass(1)
    expect(world.sent.length).toBe(2)
  })

  it.each([400, 401, 403])("that stay, such as %p, are told once", async (status) => {
    const world = new World()
    world.answer = () => ({ status, body: { detail: "why" } })
    const client = world.client()
    client.track("a", {}, who)
    await world.pass(3_600_000)
    expect(world.sent.length).toBe(1)
    expect(world.troubles).toMatchObject([{ kind: "refused", status, detail: "why" }])
  })

  it("of what hears of them stop nothing", async () => {
    const world = new World()
    world.answer = () => ({ status: 400 })
    const client = world.client({
      onError: () => {
        throw new Error("not our fault")
      }
    })
    client.track("a", {}, who)
    expect(await client.flush()).toBe(true)
    expect(client.dropped()).toBe(1)
  })
})

describe("the queue", () => {
  it.each([
    ["oldest", ["c", "d"]],
    ["newest", ["a", "b"]]
  ] as const)("drops the %s when it is full, and tells", async (drop, left) => {
    const world = new World()
    world.isOnline = false
    const client = world.client({ maxQueue: 2, drop })
    for (const name of ["a", "b", "c", "d"]) client.track(name, {}, who)
    await world.pass(10_000)
    expect(world.troubles.map(({ kind }) => kind)).toEqual(["full", "full"])
    world.back()
    await world.pass(0)
    expect(world.events).toMatchObject(left.map((event) => ({ event })))
    expect(client.dropped()).toBe(2)
  })

  it("has a bound of bytes", () => {
    const world = new World()
    const client = world.client({ maxQueueBytes: 1000, flushAt: 1000 })
    for (let n = 0; n < 100; n++) client.track(`e${n}`, {}, who)
    client.track("large", { text: "x".repeat(2000) }, who)
    expect(client.waiting()).toBeLessThan(10)
    expect(client.waiting() + client.dropped()).toBe(101)
  })

  it("has room again for as much as was sent", async () => {
    const world = new World()
    const client = world.client({ maxQueueBytes: 1000 })
    for (let n = 0; n < 50; n++) {
      client.track(`e${n}`, {}, who)
      await client.flush()
    }
    expect(client.dropped()).toBe(0)
    expect(world.events.length).toBe(50)
  })
})

describe("the end", () => {
  it("sends what waits, and takes nothing more", async () => {
    const world = new World()
    const client = world.client()
    client.track("a", {}, who)
    await client.close()
    client.track("b", {}, who)
    await world.pass(10_000)
    expect(world.events).toMatchObject([{ event: "a" }])
    expect(world.troubles).toMatchObject([{ kind: "closed", events: [{ event: "b" }] }])
  })

  it("does not wait for ever", async () => {
    const world = new World()
    world.answer = () => ({ status: 503 })
    const client = world.client()
    client.track("a", {}, who)
    const ended = client.close(5000)
    await world.pass(5000)
    await ended
    expect(world.troubles).toMatchObject([{ kind: "closed", events: [{ event: "a" }] }])
    await world.pass(60_000)
    expect(world.timers).toBe(0)
  })

  it("of a flush comes in time, too", async () => {
    const world = new World()
    world.answer = () => undefined
    const client = world.client()
    client.track("a", {}, who)
    const flushed = client.flush(3000)
    await world.pass(3000)
    expect(await flushed).toBe(false)
    world.answer = () => ({ status: 200 })
    await world.pass(60_000)
    expect(client.waiting()).toBe(0)
  })
})
