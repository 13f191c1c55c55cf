import { describe, expect, it } from "bun:test"
import { memoryStore, World } from "./World.ts"

const device = { mode: "device", consent: "granted" } as const
const NAME = "t.wk_1."

describe("a choice", () => {
  it("to withdraw consent holds for the other pages of the device", async () => {
    const store = memoryStore()
    const here = new World().client({ ...device, store })
    const world = new World()
    world.isOnline = false
    const other = world.client({ ...device, store })
    other.track("a")
    expect(store.kept.size).toBe(2)
    here.consent("denied")
    other.track("before it heard of it")
    world.changed("t.wk_2.")
    expect(other.waiting()).toBe(2)
    world.changed(NAME)
    other.track("b")
    world.back()
    await world.pass(60_000)
    expect(world.sent).toEqual([])
    expect([...store.kept]).toEqual([])
  })

  it("to opt out outlives whatever a program calls afterwards", () => {
    const store = memoryStore()
    store.setItem(NAME, "0")
    const client = new World().client({ ...device, store })
    client.reset()
    client.consent("denied")
    expect([...store.kept]).toEqual([[NAME, "0"]])
  })

  it("is not one for another key, though its name begins with this one", () => {
    const store = memoryStore()
    store.setItem("t.shop.example.", "0")
    const client = new World().client({ ...device, store, key: "shop" })
    client.consent("denied")
    expect([...store.kept]).toEqual([["t.shop.example.", "0"]])
  })

  it("goes on where a store does not keep what it is given", async () => {
    const world = new World()
    const store = { ...memoryStore(), setItem: () => {}, getItem: () => null }
    const client = world.client({ ...device, store })
    world.changed()
    client.track("a")
    await world.pass(1000)
    expect(world.events).toMatchObject([{ event: "a" }])
  })
})

describe("what waits for consent", () => {
  it("of one person does not become the next one's", async () => {
    const world = new World()
    const client = world.client({ mode: "device", store: memoryStore() })
    client.identify("u1")
    client.reset()
    client.identify("u2")
    client.consent("granted")
    await world.pass(1000)
    expect(world.events).toMatchObject([{ userId: "u1" }, { userId: "u2" }])
    const [first, second] = world.events
    expect(first?.anonymousId).toMatch(/^[0-9a-f]{32}$/)
    expect(first?.anonymousId).not.toBe(second?.anonymousId)
  })

  it("is sent as it was told, whatever becomes of a program's objects", async () => {
    const world = new World()
    const store = memoryStore()
    world.isOnline = false
    const client = world.client({ mode: "device", store })
    const cart: Record<string, unknown> = { items: 1 }
    client.track("a", { cart })
    cart["items"] = 2
    cart["self"] = cart
    client.consent("granted")
    expect(store.kept.size).toBe(2)
    world.back()
    await world.pass(1000)
    expect(world.events).toMatchObject([{ properties: { cart: { items: 1 } } }])
  })
})

it("takes up what another run left without keeping it anew for each event", () => {
  const store = memoryStore()
  const left = Array.from({ length: 1000 }, (_, n) => ({
    type: "track",
    event: "a",
    messageId: `m${n}`
  }))
  store.setItem(NAME, "d".repeat(32))
  store.setItem(NAME + "a".repeat(32), JSON.stringify(left))
  let writes = 0
  const world = new World()
  world.isOnline = false
  const client = world.client({
    ...device,
    store: {
      ...store,
      get length() {
        return store.length
      },
      setItem: (name, value) => {
        writes++
        store.setItem(name, value)
      }
    }
  })
  expect(client.waiting()).toBe(1000)
  expect(writes).toBeLessThan(5)
})
