import { describe, expect, it } from "bun:test"
import { Page } from "./FakeBrowser.ts"

const open = () => new Page({ data: { auto: "false" } })
const many = (page: Page, count: number, text = "") => {
  for (let n = 0; n < count; n++) page.tracker.track(`e${n}`, { text })
}

describe("requests", () => {
  it("are several when a page ends, each less than one may have then", async () => {
    const page = open()
    many(page, 9, "ä".repeat(8000))
    page.leave()
    expect(page.sent.length).toBe(3)
    for (const { bytes } of page.sent) expect(bytes).toBeLessThan(64 * 1024)
    expect(page.sent.flatMap(({ events }) => events).length).toBe(9)
    // Hidden first, ended then: nothing goes twice.
    expect(page.events.length).toBe(9)
  })

  it("go one after another", async () => {
    const page = open()
    many(page, 250)
    await page.pass(1000)
    expect(page.sent.map(({ events }) => events.length)).toEqual([100, 100, 50])
    expect(page.events.map(({ event }) => event)).toEqual(
      Array.from({ length: 250 }, (_, n) => `e${n}`)
    )
  })

  it("become smaller when they were too large", async () => {
    const page = open()
    page.answer = ({ events }) => ({ status: events.length > 10 ? 413 : 200 })
    many(page, 40)
    await page.pass(1000)
    expect(page.tracker.dropped).toBe(0)
    const taken = page.sent.filter(({ events }) => events.length <= 10)
    expect(taken.flatMap(({ events }) => events).length).toBe(40)
  })
})

describe("what is refused", () => {
  it.each([400, 401, 403, 404, 413])("with %p is not sent again", async (status) => {
    const page = open()
    page.answer = () => ({ status })
    many(page, 1)
    await page.pass(3_600_000)
    expect(page.sent.length).toBe(1)
    expect(page.tracker.dropped).toBe(1)
    expect(page.hasTimer).toBe(false)
  })

  it("waits as it was told", async () => {
    const page = open()
    page.answer = () => ({ status: 429, retryAfter: "40" })
    many(page, 1)
    await page.pass(39_000)
    many(page, 1)
    await page.pass(1000)
    expect(page.sent.length).toBe(1)
    await page.pass(1000)
    expect(page.sent.length).toBe(2)
  })

  it("is tried ever more seldom, and ends", async () => {
    const page = open()
    page.answer = () => undefined
    many(page, 1)
    await page.pass(24 * 3_600_000)
    expect(page.sent.length).toBe(13)
    expect(page.hasTimer).toBe(false)
    page.answer = () => ({ status: 200 })
    many(page, 1)
    await page.pass(1000)
    expect(page.sent.at(-1)?.events.length).toBe(2)
  })
})

describe("what waits", () => {
  it("has a bound, and tells how many went", async () => {
    const page = open()
    page.isOnline = false
    many(page, 503)
    page.tracker.track("large", { text: "x".repeat(40_000) })
    await page.pass(60_000)
    expect(page.sent).toEqual([])
    expect(page.tracker.dropped).toBe(4)
    page.isOnline = true
    page.emit("online")
    await page.pass(1000)
    expect(page.events.length).toBe(500)
    expect(page.events[0]?.event).toBe("e3")
  })
})
