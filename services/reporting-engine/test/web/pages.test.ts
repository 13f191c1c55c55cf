import { afterAll, afterEach, describe, expect, it } from "bun:test"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { guarded } from "../../src/web/guarded.ts"
import { pagesOf } from "./WebWorld.ts"
import { id, World } from "./World.ts"

const world = new World()
const pages = pagesOf(world)
afterAll(() => pages.runtime.dispose())
afterEach(() => Object.assign(world, new World()))

const paths = [
  "/",
  "/dashboards",
  `/dashboards/${id(7)}`,
  "/reports",
  `/reports/${id(7)}`,
  `/runs/${id(7)}`,
  "/alerts",
  `/alerts/${id(7)}`
]

/** What a browser would make of a page: its elements with their attributes. */
const elementsOf = async (text: string) => {
  const elements: Array<{ tag: string; attributes: Array<[string, string]> }> = []
  const rewriter = new HTMLRewriter().on("*", {
    element: ({ attributes, tagName }) => {
      elements.push({
        tag: tagName,
        attributes: [...attributes].map(([name = "", value = ""]) => [name, value])
      })
    }
  })
  await rewriter.transform(new Response(text)).text()
  return elements
}

describe.each(paths)("the page %s", (path) => {
  it("is seen by whoever signed in", async () => {
    const { response, status, text } = await pages.see(path)
    expect(status).toBe(200)
    const policy = response.headers.get("content-security-policy") ?? ""
    expect(policy).toStartWith("default-src 'none'; style-src 'sha256-")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "referrer-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "x-robots-tag": "noindex"
    })
    const elements = await elementsOf(text)
    const count = (tag: string) => elements.filter((it) => it.tag === tag).length
    expect([count("main"), count("h1"), count("title"), count("script")]).toEqual([
      1, 1, 1, 0
    ])
    expect(text).toContain('<html lang="en">')
    expect(text).toContain('href="#content"')
    expect(text.match(/aria-current="page"/gu)).toHaveLength(1)
    // Tables that people write in Markdown have none.
    expect(count("table")).toBe(count("caption") + (path.startsWith("/runs") ? 1 : 0))
    const ids = elements.flatMap(({ attributes }) =>
      attributes.filter(([name]) => name === "id").map(([, value]) => value)
    )
    expect(new Set(ids).size).toBe(ids.length)
  })

  it("asks who it is of nobody", async () => {
    const { response, status, text } = await pages.ask(path)
    expect([status, text]).toEqual([303, ""])
    expect(response.headers.get("location")).toStartWith("/login")
  })

  it("shows as text whatever people wrote", async () => {
    world.text = `</title></style><script>alert(1)</script><img src=x onerror=alert(1)>"'><svg onload=alert(1)> [a](javascript:alert(1)) \u0000 \u202eabc\u2066 🛒 مرحبا ${"w".repeat(300)}`
    const { status, text } = await pages.see(path)
    expect(status).toBe(200)
    const elements = await elementsOf(text)
    for (const { attributes, tag } of elements) {
      expect(["script", "img", "iframe", "object", "svg"]).not.toContain(tag)
      for (const [name, value] of attributes) {
        expect(name).not.toStartWith("on")
        if (name === "href")
          expect(value).toMatch(/^(?:[/#]|data:image\/svg\+xml,%3C)/u)
      }
    }
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;")
    expect(text).not.toContain("\u0000")
  })

  it("says so when what it needs is away", async () => {
    const cookie = await pages.signedIn("7")
    world.analyticsAway = true
    world.storeAway = true
    const { response, status, text } = await pages.ask(path, { headers: { cookie } })
    // The overview says of each of its parts that it is away.
    expect(status).toBe(path === "/" ? 200 : 503)
    expect(response.headers.get("content-type")).toStartWith("text/html")
    expect(text).toContain(path === "/" ? "cannot be read right now" : "Not available")
    // One still finds the way to the other pages.
    expect(text).toContain('aria-label="Main"')
    if (path !== "/") expect(response.headers.get("retry-after")).toBe("10")
  })
})

describe("pages", () => {
  it.each(["dashboards", "reports", "runs", "alerts"])(
    "of %s are those of one project",
    async (kind) => {
      for (const [key, own, other] of [
        ["7", 7, 8],
        ["8", 8, 7]
      ] as const) {
        const mine = await pages.see(`/${kind}/${id(own)}`, key)
        expect([mine.status, mine.text.includes(`Orders ${own}`)]).toEqual([200, true])
        const theirs = await pages.see(`/${kind}/${id(other)}`, key)
        expect(theirs.status).toBe(404)
        expect(
          (await pages.see(`/${kind}/${id(other)}?projectId=${other}`, key)).status
        ).toBe(404)
        expect((await pages.see(`/${kind}/1'--`, key)).status).toBe(404)
        if (kind === "runs") {
          expect((await pages.see(`/runs/${id(own)}/pdf`, key)).text).toBe("a file")
          expect((await pages.see(`/runs/${id(other)}/pdf`, key)).status).toBe(404)
          expect((await pages.see(`/runs/${id(own)}/exe`, key)).status).toBe(404)
        } else {
          const list = await pages.see(`/${kind}`, key)
          expect(list.text).toContain(`/${kind}/${id(own)}`)
          expect(list.text).not.toContain(id(other))
        }
      }
    }
  )

  it("go on where there is more", async () => {
    for (const [path, next] of [
      ["/dashboards", "/dashboards?cursor=the%20next%20%26%20last"],
      ["/reports", `/reports?cursor=${id(7)}`],
      [`/reports/${id(7)}`, `/reports/${id(7)}?cursor=${id(7)}`],
      ["/alerts", `/alerts?cursor=${id(9)}`],
      [`/alerts/${id(7)}`, `/alerts/${id(7)}?bucket=2026-11-22T00%3A00%3A00.000Z`],
      [`/alerts/${id(7)}`, `/alerts/${id(7)}?notice=${id(3)}`]
    ] as const) {
      expect((await pages.see(path)).text).toContain(`href="${next}"`)
      expect((await pages.see(next)).status).toBe(200)
    }
    for (const path of ["/reports", `/reports/${id(7)}`, "/alerts"])
      expect((await pages.see(`${path}?cursor=nonsense`)).status).toBe(200)
    expect((await pages.see("/dashboards?cursor=nonsense")).status).toBe(404)
  })

  it("count what fires although somebody looks after it", async () => {
    world.hasProblem = false
    const { text } = await pages.see("/")
    expect(text).toContain("Firing, acknowledged")
    expect(text).not.toContain("Nothing is firing")
    // It was muted until a moment that is over.
    expect(text).not.toContain("muted until")
  })

  it("that cannot be made say nothing of why", async () => {
    world.isBroken = true
    const { response, status, text } = await pages.see("/dashboards")
    expect(status).toBe(500)
    expect(response.headers.get("content-type")).toStartWith("text/html")
    expect(text).toContain("Something went wrong")
    expect(text).not.toContain("secret detail")
    expect(pages.logged.join("\n")).toContain("a secret detail")
  })

  it("that do not come are given up after a minute", async () => {
    const answered = Effect.gen(function* () {
      const page = yield* Effect.forkChild(guarded(Effect.never))
      yield* TestClock.adjust("61 seconds")
      return yield* Fiber.join(page)
    })
    const { headers, status } = await Effect.runPromise(
      Effect.provide(answered, TestClock.layer())
    )
    expect([status, headers.get("retry-after")]).toEqual([503, "10"])
  })

  it("that are none are pages for people, and problems for programs", async () => {
    const asked = (path: string, accept: string) =>
      pages.ask(path, { headers: { accept } })
    const person = await asked("/nowhere", "text/html,*/*;q=0.8")
    expect([person.status, person.text.includes("There is no such page")]).toEqual([
      404,
      true
    ])
    for (const [path, accept] of [
      ["/nowhere", "application/json"],
      ["/v1/nowhere", "text/html"]
    ] as const) {
      const program = await asked(path, accept)
      expect(program.status).toBe(404)
      expect(JSON.parse(program.text).status).toBe(404)
    }
  })
})

describe("making a report", () => {
  const path = `/reports/${id(7)}/runs`
  const made = async (key: string, headers: Readonly<Record<string, string>> = {}) =>
    pages.post(path, {}, { cookie: await pages.signedIn(key), ...headers })

  it("is begun once, in the name of the key, and leads to the run", async () => {
    expect((await pages.see(`/reports/${id(7)}`)).text).toContain(`action="${path}"`)
    const { response, status } = await made("7")
    expect([status, response.headers.get("location")]).toEqual([303, `/runs/${id(5)}`])
    expect(world.started).toEqual([{ id: id(7), actor: "7" }])
    world.isRunning = true
    const again = await made("7")
    expect(again.response.headers.get("location")).toBe(`/runs/${id(7)}`)
    expect(world.started).toHaveLength(1)
    expect((await pages.see(`/runs/${id(7)}`)).text).toContain("It is being made")
  })

  it("is refused to who only reads, to strangers and to other sites", async () => {
    expect((await pages.see(`/reports/${id(7)}`, "reader")).text).not.toContain(path)
    expect((await made("reader")).status).toBe(403)
    expect((await made("7", { origin: "http://evil.test" })).status).toBe(403)
    expect((await made("8")).status).toBe(404)
    const nobody = await pages.post(path)
    expect(nobody.response.headers.get("location")).toBe("/login")
    expect(world.started).toEqual([])
  })
})
