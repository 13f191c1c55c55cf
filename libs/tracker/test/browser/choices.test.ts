import { describe, expect, it } from "bun:test"
import { Device, Page } from "./FakeBrowser.ts"

const NAME = "t.wk_1."
const manual = { auto: "false" }

/** Two tabs of one device; the other one has consent, and an event that waits. */
const tabs = async () => {
  const device = new Device()
  const here = new Page({ device, data: manual })
  here.tracker.consent("granted")
  const other = new Page({ device, data: manual })
  other.isOnline = false
  other.tracker.identify("u1")
  await other.pass(1000)
  expect(device.kept.size).toBe(2)
  const online = async () => {
    other.isOnline = true
    other.emit("online")
    await other.pass(1000)
  }
  return { device, here, other, online }
}

describe("what one tab is told holds in all", () => {
  it("takes the id out of what waits in another, where nothing is kept then", async () => {
    const { device, here, online, other } = await tabs()
    here.tracker.consent("denied")
    other.tracker.track("before it heard of it")
    other.emit("storage", { key: NAME })
    expect([...device.kept]).toEqual([])
    await online()
    expect(other.events.length).toBe(2)
    for (const event of other.events) expect(event).not.toHaveProperty("anonymousId")
    expect([...device.kept]).toEqual([])
  })

  it("sends nothing of what waits in another once somebody opted out", async () => {
    const { device, here, online, other } = await tabs()
    here.tracker.optOut()
    other.emit("storage", { key: NAME })
    await online()
    expect(other.sent).toEqual([])
    expect([...device.kept]).toEqual([[NAME, "0"]])
    here.tracker.optOut(false)
    other.emit("storage", { key: NAME })
    other.tracker.track("a")
    await other.pass(1000)
    expect(other.events[0]).not.toHaveProperty("userId")
  })

  it("is heard when a page took all from the device", async () => {
    const { device, online, other } = await tabs()
    device.kept.clear()
    other.emit("storage", { key: null })
    await online()
    expect(other.events[0]).not.toHaveProperty("anonymousId")
  })

  it("is heard by a page that comes back from the browser's cache", async () => {
    const { device, here, online, other } = await tabs()
    here.tracker.optOut()
    // A page in that cache gets no events.
    other.emit("pageshow", { persisted: true })
    other.tracker.track("a")
    await online()
    expect(other.sent).toEqual([])
    expect(device.kept.size).toBe(1)
  })

  it("is remembered by a page that may store nothing", async () => {
    const device = new Device()
    device.refuses = true
    const page = new Page({ device })
    page.tracker.optOut()
    page.emit("pageshow", { persisted: true })
    await page.pass(1000)
    expect(page.sent).toEqual([])
  })
})

it("keeps consent when what was not taken away is given back", async () => {
  const device = new Device()
  const page = new Page({ device, data: manual })
  page.tracker.consent("granted")
  const kept = [...device.kept]
  page.tracker.optOut(false)
  expect([...device.kept]).toEqual(kept)
})

it("leaves what another key keeps, though its name begins with this one", async () => {
  const device = new Device()
  const other = new Page({ device, data: { key: "shop.example" } })
  other.tracker.optOut()
  const page = new Page({ device, data: { key: "shop" } })
  page.tracker.consent("granted")
  new Page({ device, data: { key: "shop" } }).tracker.consent("denied")
  expect([...device.kept]).toEqual([["t.shop.example.", "0"]])
})

it.each(["{", "null", "[null]", "5", '"abc"', "[1]"])(
  "is not hindered by %s where events were kept",
  async (text) => {
    const device = new Device()
    device.kept.set(NAME, "d".repeat(32))
    device.kept.set(NAME + "a".repeat(32), text)
    const page = new Page({ device })
    await page.pass(1000)
    expect(page.events.length).toBe(1)
    page.tracker.consent("denied")
    expect(device.kept.size).toBe(0)
  }
)

it("is another one's page after a reset, with consent as it was", async () => {
  const device = new Device()
  const page = new Page({ device, data: manual })
  page.tracker.consent("granted")
  page.tracker.identify("u1")
  page.tracker.reset()
  page.tracker.track("a")
  page.tracker.consent("denied")
  page.tracker.identify("u2")
  page.tracker.reset()
  page.tracker.track("b")
  expect([...device.kept]).toEqual([])
  page.tracker.consent("granted")
  page.tracker.track("c")
  const before = device.kept.get(NAME)
  page.tracker.reset()
  expect(device.kept.get(NAME)).toMatch(/^[0-9a-f]{32}$/)
  expect(device.kept.get(NAME)).not.toBe(before)
  expect(device.kept.size).toBe(2)
  await page.pass(1000)
  expect(page.events.map(({ event, userId }) => [event, userId])).toEqual([
    [undefined, "u1"],
    ["a", undefined],
    [undefined, "u2"],
    ["b", undefined],
    ["c", undefined]
  ])
  expect(page.events[4]?.anonymousId).toBe(before)
})
