import { describe, expect, it } from "bun:test"
import { memoryStore, World } from "./World.ts"

const device = { mode: "device" } as const
const nameOf = (event: object) => ("event" in event ? event.event : undefined)

describe("consent", () => {
  it("that is pending keeps events here, and nothing on the device", async () => {
    const world = new World()
    const store = memoryStore()
    const client = world.client({ ...device, store })
    client.track("a")
    client.identify("u1")
    await world.pass(60_000)
    expect(world.sent).toEqual([])
    expect(store.kept.size).toBe(0)
    expect(await client.flush()).toBe(false)
    client.consent("granted")
    client.track("b")
    await world.pass(1000)
    const id = store.kept.get("t.wk_1.")
    expect(world.events).toMatchObject([
      { event: "a", anonymousId: id },
      { type: "identify", userId: "u1", anonymousId: id },
      { event: "b", userId: "u1", anonymousId: id }
    ])
    expect([...store.kept.keys()]).toEqual(["t.wk_1."])
  })

  it("that is denied gives up what waits and forgets who it was", async () => {
    const world = new World()
    const store = memoryStore()
    const client = world.client({ ...device, store, consent: "granted" })
    client.identify("u1")
    client.track("a")
    expect(store.kept.size).toBe(2)
    client.consent("denied")
    client.track("b")
    await world.pass(60_000)
    expect(world.sent).toEqual([])
    expect(store.kept.size).toBe(0)
    client.consent("granted")
    client.track("c")
    await world.pass(1000)
    expect(world.events).toMatchObject([{ event: "c" }])
    expect(world.events[0]).not.toHaveProperty("userId")
  })

  it("is not asked again of who opted out of the script's events", async () => {
    const world = new World()
    const store = memoryStore()
    store.setItem("t.wk_1.", "0")
    const client = world.client({ ...device, store, consent: "granted" })
    client.track("a")
    await world.pass(60_000)
    expect(world.sent).toEqual([])
    client.consent("granted")
    client.track("b")
    await world.pass(1000)
    expect(world.events).toMatchObject([{ event: "b" }])
    expect(world.events[0]?.anonymousId).not.toBe("0")
  })
})

describe("a device", () => {
  it("needs no preflight, and no id where nothing is kept", async () => {
    const world = new World()
    const client = world.client({ ...device, consent: "granted" })
    client.track("a")
    await world.pass(1000)
    expect(world.sent).toMatchObject([
      {
        url: "https://events.example/w/wk_1/n",
        headers: { "content-type": "text/plain" },
        keepalive: true
      }
    ])
    expect(world.events[0]?.anonymousId).toMatch(/^[0-9a-f]{32}$/)
  })

  it("sends when it is online again what was kept when it was not", async () => {
    const world = new World()
    const store = memoryStore()
    const options = { ...device, store, consent: "granted" } as const
    world.isOnline = false
    const first = world.client(options)
    first.track("a")
    await world.pass(60_000)
    await first.close()
    expect(world.troubles).toEqual([])
    expect(store.kept.size).toBe(2)

    const second = world.client(options)
    second.track("b")
    await world.pass(60_000)
    expect(world.sent).toEqual([])
    world.back()
    await world.pass(1000)
    expect(world.events.map(nameOf)).toEqual(["a", "b"])
    expect(new Set(world.events.map(({ anonymousId }) => anonymousId)).size).toBe(1)
    expect(store.kept.size).toBe(1)
  })

  it("sends all it has when its page ends", async () => {
    const world = new World()
    const client = world.client({ ...device, consent: "granted", flushAt: 1000 })
    for (let n = 0; n < 6; n++) client.track(`e${n}`, { text: "x".repeat(25_000) })
    world.leave()
    world.leave()
    expect(world.sent.length).toBe(3)
    for (const { body, keepalive } of world.sent) {
      expect(Buffer.byteLength(body)).toBeLessThan(64 * 1024)
      expect(keepalive).toBe(true)
    }
    await world.pass(1000)
    expect(world.sent.length).toBe(3)
    expect(client.waiting()).toBe(0)
  })

  it("tries again what was not taken when its page was hidden", async () => {
    const world = new World()
    world.answer = () => (world.sent.length === 1 ? undefined : { status: 200 })
    const client = world.client({ ...device, consent: "granted" })
    client.track("a")
    world.leave()
    await world.pass(10_000)
    expect(world.sent.length).toBe(2)
    expect(client.waiting()).toBe(0)
  })

  it("sends nothing any more when it was closed, and keeps what it has", async () => {
    const world = new World()
    world.answer = () => ({ status: 503 })
    const store = memoryStore()
    const client = world.client({ ...device, store, consent: "granted" })
    client.track("a")
    const closed = client.close(5000)
    await world.pass(5000)
    await closed
    const { length } = world.sent
    await world.pass(600_000)
    expect(world.sent.length).toBe(length)
    expect(world.troubles).toEqual([])
    expect(store.kept.size).toBe(2)
  })

  it("that changes hands has another id", async () => {
    const world = new World()
    const client = world.client({ ...device, consent: "granted", store: memoryStore() })
    client.identify("u1")
    client.reset()
    client.track("a")
    await world.pass(1000)
    const [before, after] = world.events
    expect(after).not.toHaveProperty("userId")
    expect(after?.anonymousId).not.toBe(before?.anonymousId)
  })

  it("works where nothing can be stored", async () => {
    const world = new World()
    const refuse = () => {
      throw new Error("SecurityError")
    }
    const store = {
      length: 1,
      key: refuse,
      getItem: refuse,
      setItem: refuse,
      removeItem: refuse
    }
    const client = world.client({ ...device, store, consent: "granted" })
    client.track("a")
    await world.pass(1000)
    client.consent("denied")
    expect(world.events).toMatchObject([{ event: "a" }])
  })
})
