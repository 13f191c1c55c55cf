import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { Device, Page } from "./FakeBrowser.ts"

const paths = (page: Page) =>
  page.events
    .filter(({ type }) => type === "page")
    .map(({ context }) => context.page.url.replace("https://shop.example", ""))
const names = (page: Page) => page.events.map(({ event, type }) => event ?? type)

describe("page views", () => {
  it("are counted by themselves, and sent to where the script came from", async () => {
    const page = new Page({ path: "/a?utm_source=x#part" })
    await page.pass(1000)
    expect(page.sent.map(({ url }) => url)).toEqual(["https://events.example/w/wk_1/n"])
    expect(page.events).toMatchObject([
      {
        type: "page",
        context: {
          page: {
            url: "https://shop.example/a?utm_source=x",
            referrer: "https://search.example/",
            title: "Title of /a?utm_source=x#part"
          },
          locale: "de"
        }
      }
    ])
  })

  it("are one for each address, however a router sets it", async () => {
    const page = new Page()
    page.push("/a")
    await page.pass(1)
    page.push("/a#part")
    page.replace("/a")
    await page.pass(1)
    // A router that redirects shows only where it ends.
    page.push("/login")
    page.replace("/home")
    await page.pass(1)
    page.back("/a")
    await page.pass(1000)
    expect(paths(page)).toEqual(["/", "/a", "/home", "/a"])
    expect(page.events.map(({ context }) => context.page.referrer)).toEqual([
      "https://search.example/",
      "https://shop.example/",
      "https://shop.example/a",
      "https://shop.example/home"
    ])
  })

  it("count again when a page comes back as it was left", async () => {
    const page = new Page()
    page.emit("pageshow", { persisted: false })
    await page.pass(1000)
    page.leave()
    page.emit("pageshow", { persisted: true })
    await page.pass(1000)
    expect(paths(page)).toEqual(["/", "/"])
  })

  it("are left to the page where it says so", async () => {
    const page = new Page({ data: { auto: "false" } })
    page.push("/a")
    await page.pass(1000)
    expect(page.sent).toEqual([])
    page.tracker.page("A")
    await page.pass(1000)
    expect(paths(page)).toEqual(["/a"])
  })

  it("wait until somebody sees the page", async () => {
    const page = new Page({ prerendering: true })
    await page.pass(1000)
    expect(page.hasStarted).toBe(false)
    page.emit("prerenderingchange")
    await page.pass(1000)
    expect(paths(page)).toEqual(["/"])
  })
})

describe("without consent", () => {
  it("leaves nothing on the device and sends no id of it", async () => {
    const page = new Page()
    page.answer = () => undefined
    page.tracker.track("a")
    page.tracker.identify("u1", { plan: "pro" })
    await page.pass(60_000)
    page.leave()
    expect([...page.device.kept]).toEqual([])
    for (const event of page.events) expect(event).not.toHaveProperty("anonymousId")
    expect(page.events.at(-1)).toMatchObject({ userId: "u1", traits: { plan: "pro" } })
  })

  it.each([{ dnt: true }, { gpc: true }])("sends nothing with %p", async (asked) => {
    const page = new Page({ ...asked, early: [["track", "a"]] })
    page.tracker.consent("granted")
    page.tracker.track("b")
    await page.pass(1000)
    expect(page.sent).toEqual([])
    expect(page.device.kept.size).toBe(0)
    const told = new Page({ ...asked, data: { dnt: "ignore" } })
    await told.pass(1000)
    expect(names(told)).toEqual(["page"])
  })

  it("remembers that somebody opted out, and nothing else", async () => {
    const device = new Device()
    const page = new Page({ device })
    page.tracker.consent("granted")
    page.tracker.optOut()
    page.tracker.track("a")
    await page.pass(1000)
    expect(page.sent).toEqual([])
    expect([...device.kept]).toEqual([["t.wk_1.", "0"]])
    const next = new Page({ device })
    next.tracker.consent("granted")
    await next.pass(1000)
    expect(next.sent).toEqual([])
    next.tracker.optOut(false)
    next.tracker.track("b")
    await next.pass(1000)
    expect(names(next)).toEqual(["b"])
    expect(device.kept.size).toBe(0)
  })
})

describe("with consent", () => {
  it("keeps one id and what is not sent yet, and takes both away again", async () => {
    const device = new Device()
    const first = new Page({ device })
    first.isOnline = false
    first.tracker.consent("granted")
    first.tracker.track("a")
    await first.pass(1000)
    first.leave()
    expect(first.sent).toEqual([])
    const id = device.kept.get("t.wk_1.")
    expect(device.kept.size).toBe(2)

    const second = new Page({ device })
    await second.pass(1000)
    // The first page view was made before there was consent.
    expect(names(second)).toEqual(["page", "a", "page"])
    expect(second.events.map(({ anonymousId }) => anonymousId)).toEqual([
      undefined,
      id,
      id
    ])
    expect([...device.kept]).toEqual([["t.wk_1.", id ?? ""]])

    second.tracker.track("b")
    second.tracker.consent("denied")
    expect(device.kept.size).toBe(0)
    await second.pass(1000)
    expect(second.events.at(-1)).not.toHaveProperty("anonymousId")
    expect(names(second).at(-1)).toBe("b")
    expect(device.kept.size).toBe(0)
  })

  it("hears of a choice made in another tab", async () => {
    const device = new Device()
    const page = new Page({ device })
    const other = new Page({ device })
    page.tracker.consent("granted")
    other.emit("storage", { key: "t.wk_1." })
    other.tracker.track("a")
    await other.pass(1000)
    expect(other.events.at(-1)?.anonymousId).toBe(device.kept.get("t.wk_1."))
    page.tracker.consent("denied")
    other.emit("storage", { key: "t.wk_1." })
    other.tracker.track("b")
    await other.pass(1000)
    expect(other.events.at(-1)).not.toHaveProperty("anonymousId")
    expect(device.kept.size).toBe(0)
  })

  it("works where nothing can be stored", async () => {
    const device = new Device()
    device.refuses = true
    const page = new Page({ device })
    page.tracker.consent("granted")
    page.tracker.track("a")
    page.tracker.consent("denied")
    page.tracker.optOut()
    page.tracker.optOut(false)
    page.tracker.track("b")
    await page.pass(1000)
    expect(names(page)).toEqual(["b"])
  })
})

describe("what a page asked before", () => {
  it("is done in its order, before the first page view", async () => {
    const page = new Page({
      early: [
        ["identify", "u1"],
        ["track", "a", { n: 1 }]
      ]
    })
    await page.pass(1000)
    expect(names(page)).toEqual(["identify", "a", "page"])
    expect(page.events.every(({ userId }) => userId === "u1")).toBe(true)
  })
})

it("sends each event until it is taken, whatever is answered and however one leaves", async () => {
  const answer = fc.constantFrom(200, 200, 408, 429, 500, 503, 0)
  const step = fc.constantFrom("track", "leave", "wait", "offline", "online", "reload")
  await fc.assert(
    fc.asyncProperty(
      fc.array(answer, { maxLength: 8 }),
      fc.array(step, { maxLength: 20 }),
      async (statuses, steps) => {
        const device = new Device()
        const pages: Array<Page> = []
        const taken = new Map<string, string>()
        const left = [...statuses]
        const open = () => {
          const page = new Page({ device, data: { auto: "false" } })
          page.answer = ({ events }) => {
            const status = left.shift() ?? 200
            if (status === 0) return undefined
            if (status === 200)
              for (const { event = "", messageId } of events)
                taken.set(messageId, event)
            return { status, retryAfter: "1" }
          }
          pages.push(page)
          page.tracker.consent("granted")
          return page
        }
        let page = open()
        let made = 0
        for (const each of steps) {
          if (each === "track") page.tracker.track(String(made++))
          if (each === "leave") page.leave()
          if (each === "wait") await page.pass(400)
          if (each === "offline") page.isOnline = false
          if (each === "online") {
            page.isOnline = true
            page.emit("online")
          }
          if (each === "reload") {
            page.leave()
            page = open()
          }
        }
        // What a page that was left still hears of is done, and then adopted by the next.
        await page.pass(0)
        page = open()
        await page.pass(3_600_000)
        // By name, so that an event that was given a second id would show.
        expect([...taken.values()].sort()).toEqual(
          Array.from({ length: made }, (_, n) => String(n)).sort()
        )
        expect(device.kept.size).toBe(1)
      }
    ),
    { numRuns: 200 }
  )
})
