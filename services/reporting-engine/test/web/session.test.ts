import { afterAll, describe, expect, it } from "bun:test"
import { Effect, Redacted } from "effect"
import fc from "fast-check"
import { Secrets } from "../../src/destinations/Secrets.ts"
import { nextPath } from "../../src/web/nextPath.ts"
import { pagesOf } from "./WebWorld.ts"
import { id, World } from "./World.ts"

const world = new World()
const pages = pagesOf(world)
const overTls = pagesOf(world, "https://reports.test")
afterAll(() => Promise.all([pages.runtime.dispose(), overTls.runtime.dispose()]))

const cookieOf = (response: Response) => response.headers.get("set-cookie") ?? ""

/** A session as it would be in a cookie, made with the service's own secret. */
const sealed = async (owner: string, session: object) =>
  `analytics_session=${await pages.runtime.runPromise(
    Effect.map(Secrets, ({ seal }) =>
      seal(owner, Redacted.make(JSON.stringify(session)))
    )
  )}`

describe("signing in", () => {
  it("keeps the key where no script, no other site and no reader of it gets at it", async () => {
    const { response } = await pages.post("/login", { key: " 7 " })
    expect(response.status).toBe(303)
    expect(response.headers.get("location")).toBe("/")
    expect(cookieOf(response)).toMatch(
      /^analytics_session=v1\.[\w-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/u
    )
    const { response: secure } = await overTls.post("/login", { key: "7" })
    expect(cookieOf(secure)).toMatch(
      /^__Host-analytics_session=v1\.[\w-]+; Path=\/; .*; Secure$/u
    )
  })

  it.each([
    ["", 422, "Enter the secret key"],
    ["unknown", 401, "not known"],
    ["other", 403, "needs to be a secret key with the scope"],
    ["admin", 403, "the installation"]
  ])("says what is wrong with the key %p", async (key, status, why) => {
    const answer = await pages.post("/login", { key, next: "/alerts" })
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(why)
    expect(answer.text).toContain('aria-describedby="problem"')
    // The next attempt leads to where this one would have.
    expect(answer.text).toContain('name="next" value="/alerts"')
    expect(cookieOf(answer.response)).toBe("")
    if (key !== "") expect(answer.text).not.toContain(`value="${key}"`)
  })

  it("says so when keys cannot be checked", async () => {
    world.keysAway = true
    const { response, status } = await pages.post("/login", { key: "7" })
    world.keysAway = false
    expect(status).toBe(503)
    expect(response.headers.get("retry-after")).toBe("10")
  })

  it("is not done by the form of another site", async () => {
    for (const headers of [
      { origin: "http://evil.test" },
      { origin: "null" },
      { origin: "http://reports.test", "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" }
    ]) {
      const { response, status } = await pages.post("/login", { key: "7" }, headers)
      expect(status).toBe(403)
      expect(cookieOf(response)).toBe("")
    }
    for (const headers of [
      { origin: "http://reports.test", host: "reports.test" },
      { origin: "null", "sec-fetch-site": "same-origin" }
    ])
      expect((await pages.post("/login", { key: "7" }, headers)).status).toBe(303)
  })

  it("leads to what one wanted to see", async () => {
    const wanted = `/reports/${id(7)}?cursor=${id(2)}`
    const { response } = await pages.ask(wanted)
    const login = response.headers.get("location") ?? ""
    expect(login).toBe(`/login?next=${encodeURIComponent(wanted)}`)
    const page = await pages.ask(login)
    expect(page.text).toContain(`name="next" value="${wanted}"`)
    const { response: then } = await pages.post("/login", { key: "7", next: wanted })
    expect(then.headers.get("location")).toBe(wanted)
  })

  it.each([
    "//evil.test",
    "/\\evil.test",
    "https://evil.test/",
    "/reports//evil.test/..//\r\nset-cookie:a=b",
    "/logout",
    "/reports\\evil",
    "javascript:alert(1)",
    "/v1/reports"
  ])("leads nowhere else: %p", async (next) => {
    const { response } = await pages.post("/login", { key: "7", next })
    expect(response.headers.get("location")).toBe("/")
    const page = await pages.ask(`/login?next=${encodeURIComponent(next)}`)
    expect(page.text).not.toContain('name="next"')
  })

  it("leads to this service, whatever is asked for", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc
            .array(
              fc.constantFrom("/", "\\", "reports", "?", "evil.test", "\t", "%", ":")
            )
            .map((parts) => `/${parts.join("")}`)
        ),
        (asked) => {
          const base = "http://reports.test"
          const { origin, pathname } = new URL(nextPath(asked), base)
          expect(origin).toBe(base)
          expect(pathname).toMatch(/^\/($|dashboards|reports|runs|alerts)/u)
        }
      )
    )
  })

  it("is not tried without end from one address", async () => {
    const bounded = pagesOf(world)
    const from = (address: string, key: string) =>
      bounded.post("/login", { key }, { "x-forwarded-for": `1.1.1.1, ${address}` })
    for (let n = 0; n < 30; n++)
      expect((await from("10.0.0.1", `guess-${n}`)).status).toBe(401)
    const asked = world.lookUps
    const refused = await from("10.0.0.1", "guess")
    expect(refused.status).toBe(429)
    expect(Number(refused.response.headers.get("retry-after"))).toBeWithin(1, 61)
    expect(world.lookUps).toBe(asked)
    expect((await from("10.0.0.2", "7")).status).toBe(303)
    await bounded.runtime.dispose()
  })
})

describe("a session", () => {
  const now = Date.now()
  const status = async (cookie: string) =>
    (await pages.ask("/alerts", { headers: { cookie } })).status

  it("is good until it ends, and only as it was sealed", async () => {
    const session = { authorization: "Bearer 7", until: now + 60_000 }
    expect(await status(await sealed("web session", session))).toBe(200)
    const over = { ...session, until: now - 1 }
    expect(await status(await sealed("web session", over))).toBe(303)
    // A secret of a destination is no session.
    expect(await status(await sealed("destination:1", session))).toBe(303)
    expect(await status(await sealed("web session", { until: now }))).toBe(303)
    const good = await pages.signedIn("7")
    expect(await status(`other=1; ${good}`)).toBe(200)
    expect(await status(`${good.slice(0, -2)}AA`)).toBe(303)
    expect(await status("analytics_session=Bearer 7")).toBe(303)
    expect(await status("analytics_session=")).toBe(303)
    expect(await status("")).toBe(303)
  })

  it("ends with its key", async () => {
    const cookie = await pages.signedIn("7")
    world.revoked.add("7")
    const {
      response,
      status: answered,
      text
    } = await pages.ask("/alerts", {
      headers: { cookie }
    })
    world.revoked.clear()
    expect(answered).toBe(401)
    expect(text).toContain("not valid any more")
    expect(text).toContain('name="next" value="/alerts"')
    expect(cookieOf(response)).toMatch(/^analytics_session=; .*Max-Age=0/u)
  })

  it("is signed out of, but not by another site", async () => {
    const { response } = await pages.post("/logout")
    expect(response.headers.get("location")).toBe("/login")
    expect(cookieOf(response)).toMatch(/^analytics_session=; .*Max-Age=0/u)
    const foreign = await pages.post("/logout", {}, { origin: "http://evil.test" })
    expect(cookieOf(foreign.response)).toBe("")
  })

  it("is in no log", async () => {
    world.isBroken = true
    await pages.see("/dashboards")
    world.isBroken = false
    expect(pages.logged.join("\n")).toContain("a page could not be made")
    expect(pages.logged.join("\n")).not.toMatch(/Bearer|analytics_session/u)
  })
})
