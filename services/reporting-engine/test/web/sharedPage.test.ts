import { afterAll, afterEach, expect, it } from "bun:test"
import { pagesOf } from "./WebWorld.ts"
import { World } from "./World.ts"

const world = new World()
const pages = pagesOf(world)
afterAll(() => pages.runtime.dispose())
afterEach(() => Object.assign(world, new World()))

it("is seen without a key, told to nobody and found by nobody", async () => {
  const { response, status, text } = await pages.ask("/shared/sl_good")
  expect(status).toBe(200)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    "cache-control": "no-store"
  })
  expect(response.headers.has("set-cookie")).toBe(false)
  expect(text).toContain("fewer than 10 people")
  expect(text).toContain("Orders")
  // What is hidden hides nothing else.
  expect(text).not.toContain("cannot be read")
  expect(text).toContain('<td class="n">20</td>')
  // Nothing of the team's own pages, and not the address that is the key.
  expect(text).not.toContain('aria-label="Main"')
  expect(text).not.toContain("sl_good")
})

it.each([
  ["ended", 410, "This link has ended"],
  ["other", 404, "There is nothing here"]
])("says what became of the link: %s", async (token, status, why) => {
  const answer = await pages.ask(`/shared/${token}`)
  expect([answer.status, answer.text.includes(why)]).toEqual([status, true])
  expect(answer.response.headers.get("referrer-policy")).toBe("no-referrer")
})

it("says so when it cannot be shown now", async () => {
  world.analyticsAway = true
  const { response, status } = await pages.ask("/shared/sl_good")
  expect([status, response.headers.get("retry-after")]).toEqual([503, "10"])
})

it("shows as text whatever people wrote", async () => {
  world.text = "<script>alert(1)</script><img src=x onerror=alert(1)>"
  const { text } = await pages.ask("/shared/sl_good")
  expect(text).toContain("&lt;script&gt;")
  expect(text).not.toMatch(/<script|<img/u)
})
