import { afterAll, beforeAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import { Redacted } from "effect"
import { signedPath, signingKey } from "../../src/files/signedLinks.ts"
import { reportConfig } from "../delivery/DeliveryTest.ts"
import { bearer, owner, startReports } from "./ReportsTest.ts"
import { chart, ReportWorld } from "./ReportWorld.ts"

// The machine may be busy with other tests.
setDefaultTimeout(60_000)

const world = new ReportWorld()
const { api, app, runtime } = startReports(world)
beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(() => runtime.dispose())

const make = async (over: object = {}, key = "7") => {
  const made = await api.v1.reports.post({ definition: chart(over) }, bearer(key))
  if (made.data === null) throw new Error(JSON.stringify(made.error.value))
  return made.data.id
}

/** Makes a report; answers its run. */
const rendered = async (reportId: string, format = "json", key = "7") => {
  const response = await app.handle(
    new Request(`http://localhost/v1/reports/${reportId}/render?format=${format}`, {
      method: "POST",
      ...bearer(key)
    })
  )
  expect(response.status).toBe(200)
  return response.headers.get("content-location")?.split("/")[3] ?? ""
}

const get = (path: string, headers: Record<string, string> = {}) =>
  app.handle(new Request(`http://localhost${path}`, { headers }))
const fileOf = (run: string, format: string, headers: Record<string, string> = {}) =>
  get(`/v1/report-runs/${run}/files/${format}`, { ...owner.headers, ...headers })

describe("runs", () => {
  it("are listed newest first, by report, page by page, each once", async () => {
    const [one, other] = [await make(), await make()]
    const made: Array<string> = []
    for (let n = 0; n < 5; n++) made.unshift(await rendered(one))
    await rendered(other)
    const listed: Array<string> = []
    let cursor: string | undefined
    do {
      const query = {
        reportId: one,
        limit: 2,
        ...(cursor === undefined ? {} : { cursor })
      }
      const { data } = await api.v1["report-runs"].get({ ...owner, query })
      listed.push(...(data?.runs ?? []).map(({ id }) => id))
      cursor = data?.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(listed).toEqual(made)
    const { data } = await api.v1["report-runs"].get(owner)
    expect(data?.runs.length).toBe(6)
    const theirs = await api.v1["report-runs"].get(bearer("8"))
    expect(theirs.data?.runs).toEqual([])
  })

  it("outlive their report, with their files", async () => {
    const id = await make()
    const run = await rendered(id)
    await api.v1.reports({ reportId: id }).delete(undefined, owner)
    expect((await fileOf(run, "json")).status).toBe(200)
    expect((await fileOf(run, "html")).status).toBe(200)
  })

  it("are nobody else's", async () => {
    const run = await rendered(await make())
    const one = api.v1["report-runs"]({ runId: run })
    const stranger = bearer("8")
    expect((await one.get(stranger)).status).toBe(404)
    expect((await one.links.post({ format: "pdf" }, stranger)).status).toBe(404)
    expect((await fileOf(run, "json", stranger.headers)).status).toBe(404)
    expect((await one.get(bearer("other"))).status).toBe(403)
    expect((await one.get(bearer("reader"))).status).toBe(200)
  })
})

describe("a file", () => {
  it("is had in parts, again, and under a name that is safe", async () => {
    const title = 'Q3 "Über/../..\\x" \u202Egpj.exe\r\nSet-Cookie: a=b'
    const run = await rendered(await make({ title }), "csv")
    const whole = await fileOf(run, "csv")
    const bytes = await whole.bytes()
    expect(whole.headers.get("set-cookie")).toBeNull()
    expect(whole.headers.get("content-disposition")).toBe(
      "attachment; filename=\"Q3 Uber .. .. x gpj.exe Set-Cookie a=b 2026-11-23.csv.zip\"; filename*=UTF-8''Q3%20%C3%9Cber%20..%20..%20x%20gpj.exe%20Set-Cookie%20a%3Db%202026-11-23.csv.zip"
    )
    const tag = whole.headers.get("etag") ?? ""
    expect(whole.headers.get("accept-ranges")).toBe("bytes")
    const part = await fileOf(run, "csv", { range: "bytes=10-19" })
    expect(part.status).toBe(206)
    expect(part.headers.get("content-range")).toBe(`bytes 10-19/${bytes.length}`)
    expect(await part.bytes()).toEqual(bytes.slice(10, 20))
    const end = await fileOf(run, "csv", { range: "bytes=-5", "if-range": tag })
    expect(await end.bytes()).toEqual(bytes.slice(-5))
    const other = await fileOf(run, "csv", { range: "bytes=0-1", "if-range": '"x"' })
    expect([other.status, (await other.bytes()).length]).toEqual([200, bytes.length])
    const beyond = await fileOf(run, "csv", { range: `bytes=${bytes.length}-` })
    expect(beyond.status).toBe(416)
    expect(beyond.headers.get("content-range")).toBe(`bytes */${bytes.length}`)
    const again = await fileOf(run, "csv", { "if-none-match": `"a", W/${tag}` })
    expect([again.status, (await again.bytes()).length]).toEqual([304, 0])
  })

  it("of another format is made of the numbers of then", async () => {
    world.value = () => 41
    const run = await rendered(await make())
    world.value = () => 1000
    const html = await (await fileOf(run, "html")).text()
    world.value = (day) => 10 + day
    expect(html).toContain("41")
    expect(html).not.toContain("1,000")
    const { data } = await api.v1["report-runs"]({ runId: run }).get(owner)
    expect(data?.files.map(({ format }) => format)).toEqual(["json", "html"])
  })

  it("is shown, never run", async () => {
    const run = await rendered(await make(), "html")
    const { headers } = await fileOf(run, "html")
    expect(headers.get("content-disposition")).toStartWith("inline; ")
    expect(headers.get("x-content-type-options")).toBe("nosniff")
    expect(headers.get("content-security-policy")).toContain("default-src 'none'")
    expect(headers.get("cache-control")).toBe("private, no-store")
  })
})

describe("a link", () => {
  it("leads to its file without a key, and to no other", async () => {
    const run = await rendered(await make())
    const one = api.v1["report-runs"]({ runId: run })
    const { data } = await one.links.post({ format: "json" }, owner)
    const url = data?.url ?? ""
    expect(url).toStartWith(`${reportConfig.publicUrl}/v1/files/7/${run}/json?`)
    const path = url.slice(reportConfig.publicUrl.length)
    const [linked, own] = [await get(path), await fileOf(run, "json")]
    expect(linked.status).toBe(200)
    expect(await linked.bytes()).toEqual(await own.bytes())
    expect((await get(path, { range: "bytes=0-0" })).status).toBe(206)
    const other = await rendered(await make())
    const end = /expires=(\d+)/u.exec(path)?.[1] ?? ""
    for (const tampered of [
      path.replace("/json", "/html"),
      path.replace("/7/", "/8/"),
      path.replace(run, other),
      path.replace(end, String(Number(end) + 1)),
      path.replace(/signature=./u, (it) =>
        it.endsWith("_") ? "signature=a" : "signature=_"
      ),
      path.replace(/signature=.*/u, "signature=")
    ]) {
      expect(tampered).not.toBe(path)
      const refused = await get(tampered)
      expect([tampered, refused.status]).toEqual([tampered, 403])
    }
  })

  it("ends", async () => {
    const run = await rendered(await make())
    const key = signingKey(Redacted.value(reportConfig.secret))
    const now = Math.floor(Date.now() / 1000)
    const path = (seconds: number) => signedPath(key, `7/${run}/json`, now + seconds)
    expect((await get(path(60))).status).toBe(200)
    expect((await get(path(-1))).status).toBe(403)
  })
})
