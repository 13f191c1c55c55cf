import { expect, it } from "bun:test"
import { Page } from "./FakeBrowser.ts"

const names = (page: Page) => page.events.map(({ event, type }) => event ?? type)

it("sends what was told, whatever a page makes of its objects afterwards", async () => {
  const page = new Page({ data: { auto: "false" } })
  const cart: Record<string, unknown> = { items: 1 }
  page.tracker.track("a", { cart })
  cart["items"] = 2
  cart["self"] = cart
  page.tracker.track("b")
  await page.pass(1000)
  expect(page.events.map(({ properties }) => properties)).toEqual([
    { cart: { items: 1 } },
    undefined as never
  ])
})

it("counts what is no JSON, and harms nothing of the page", async () => {
  const page = new Page({ early: [["track", "a", { big: 1n }], ["trak", "b"], 5] })
  page.tracker.track("c", { big: 1n })
  page.push("/next")
  await page.pass(1000)
  expect(page.tracker.dropped).toBe(2)
  expect(names(page)).toEqual(["page", "page"])
})

it("takes the calls of a list also when it is there", async () => {
  const page = new Page()
  page.tracker.push(["track", "a", { n: 1 }])
  await page.pass(1000)
  expect(page.events[1]).toMatchObject({ event: "a", properties: { n: 1 } })
})

it.each([
  [{ key: "example.com/shop" }, "https://events.example/w/example.com%2Fshop/n"],
  [{ url: "https://shop.example/x" }, "https://shop.example/x/w/wk_1/n"],
  [{ url: "https://shop.example/x//" }, "https://shop.example/x/w/wk_1/n"],
  [{ url: "/x/" }, "/x/w/wk_1/n"]
] as ReadonlyArray<[Record<string, string>, string]>)(
  "sends with %p to %s",
  async (data, url) => {
    const page = new Page({ data })
    await page.pass(1000)
    expect(page.sent.map((sent) => sent.url)).toEqual([url])
  }
)

it("works where a signal has no clock of its own", async () => {
  const { timeout } = AbortSignal
  Reflect.deleteProperty(AbortSignal, "timeout")
  try {
    const page = new Page()
    await page.pass(1000)
    expect(names(page)).toEqual(["page"])
  } finally {
    Reflect.set(AbortSignal, "timeout", timeout)
  }
})

it("begins anew with the next event after it gave up trying", async () => {
  const page = new Page({ data: { auto: "false" } })
  page.answer = () => ({ status: 503 })
  page.tracker.track("a")
  await page.pass(24 * 3_600_000)
  const before = page.sent.length
  page.tracker.track("b")
  await page.pass(24 * 3_600_000)
  expect(page.sent.length).toBe(2 * before)
})
