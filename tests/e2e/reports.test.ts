import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { Analytics } from "@segment/analytics-node"
import { type Client, makeClient, type Project } from "./Client.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"

const linkSeconds = 3

let stack: RunningStack
let client: Client
let url: string
let project: Project

/** Ten people over the last week: each day one more of them buys. */
const sendWeek = async () => {
  const analytics = new Analytics({
    writeKey: project.writeKey,
    host: client.ingestion
  })
  const noon = new Date()
  noon.setUTCHours(0, 0, 0, 0)
  for (let day = 1; day <= 6; day++)
    for (let person = 0; person < 10; person++) {
      const timestamp = new Date(noon.getTime() - day * 86_400_000 + person * 3_600_000)
      const of = { userId: `u${person}`, timestamp }
      analytics.track({ ...of, event: "Viewed", properties: { plan: "pro" } })
      if (person < day)
        analytics.track({ ...of, event: "Order Completed", properties: { total: 5 } })
    }
  await analytics.closeAndFlush({ timeout: 30_000 })
  await client.settled(project)
}

beforeAll(async () => {
  stack = await startStack({ REPORT_LINK_LIFETIME: `${linkSeconds} seconds` })
  client = await makeClient(stack)
  url = (await stack.file()).services["reporting-engine"]
  project = await client.createProject("Shop")
  await sendWeek()
}, 180_000)

afterAll(() => stack?.stop(), 60_000)

const field = (body: unknown, ...path: ReadonlyArray<string | number>): unknown =>
  path.reduce<unknown>(
    (at, name) => (typeof at === "object" && at !== null ? Reflect.get(at, name) : at),
    body
  )

const render = (id: string, format: string, body: object = {}) =>
  fetch(`${url}/v1/reports/${id}/render?format=${format}`, {
    method: "POST",
    headers: { authorization: `Bearer ${project.secretKey}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(60_000)
  })

const make = async (body: object) => {
  const made = await client.call("POST", `${url}/v1/reports`, project.secretKey, body)
  expect(made.status).toBe(201)
  return String(field(made.body, "id"))
}

const begins: Readonly<Record<string, string>> = {
  html: "<!doctype html>",
  pdf: "%PDF-",
  xlsx: "PK\u0003\u0004",
  csv: "PK\u0003\u0004",
  png: "\u0089PNG",
  json: "{"
}

describe("a report of a template", () => {
  it("says what the query says, in every format, and the same again", async () => {
    const id = await make({
      template: "weekly-product",
      parameters: { range: "last_7d", timezone: "UTC", event: "Order Completed" }
    })
    const now = await client.query(project, {
      kind: "trends",
      range: "last_7d",
      timezone: "UTC",
      interval: "none",
      series: [
        { measure: "unique_users" },
        { measure: "sessions" },
        { event: "Order Completed", measure: "total" }
      ]
    })
    const asOf = field(now.body, "meta", "asOf")
    const made = await render(id, "json", { asOf })
    const run = made.headers.get("content-location")?.split("/")[3]
    const document: unknown = await made.json()
    for (const [format, beginning] of Object.entries(begins)) {
      const file = await fetch(`${url}/v1/report-runs/${run}/files/${format}`, {
        headers: { authorization: `Bearer ${project.secretKey}` }
      })
      expect([format, file.status]).toEqual([format, 200])
      const bytes = await file.bytes()
      expect(Buffer.from(bytes).toString("latin1").toLowerCase()).toStartWith(
        beginning.toLowerCase()
      )
      if (format !== "pdf") continue
      const again = await render(id, format, { asOf })
      expect(await again.bytes()).toEqual(bytes)
    }
    const metrics: unknown = field(document, "blocks", 0, "metrics")
    const numbers = (Array.isArray(metrics) ? metrics : []).map((it: unknown) => [
      field(it, "title"),
      field(it, "metric", "value")
    ])
    const asked = (series: number) =>
      field(now.body, "result", "series", series, "data", 0)
    expect([asked(0), asked(2)]).toEqual([10, 21])
    expect(Object.fromEntries(numbers)).toMatchObject({
      People: asked(0),
      Sessions: asked(1),
      "Order Completed": asked(2)
    })
    expect(field(document, "asOf")).toEqual(asOf)
    expect(JSON.stringify(document)).not.toContain('"failed"')
  }, 120_000)

  it("is had by a link for a while, and only as it was signed", async () => {
    const id = await make({ template: "data-quality" })
    const made = await render(id, "html")
    const run = made.headers.get("content-location")?.split("/")[3]
    const { body } = await client.call(
      "POST",
      `${url}/v1/report-runs/${run}/links`,
      project.secretKey,
      { format: "html" }
    )
    const link = new URL(String(field(body, "url")))
    const at = (path: string) => fetch(url + path)
    const path = link.pathname + link.search
    const good = await at(path)
    expect(good.status).toBe(200)
    expect(await good.text()).toBe(await made.text())
    const signature = link.searchParams.get("signature") ?? ""
    const other = signature.startsWith("A") ? "B" : "A"
    expect((await at(path.replace(signature, other + signature.slice(1)))).status).toBe(
      403
    )
    const until = Number(link.searchParams.get("expires"))
    expect((await at(path.replace(`${until}`, `${until + 1}`))).status).toBe(403)
    const head = await fetch(url + path, { method: "HEAD" })
    expect(head.headers.get("etag")).toBe(good.headers.get("etag"))
    while (Date.now() < until * 1000) await Bun.sleep(until * 1000 - Date.now())
    expect((await at(path)).status).toBe(403)
  }, 60_000)

  it("counts by SQL, which says itself what time it is of", async () => {
    const id = await make({
      definition: {
        title: "Orders",
        sections: [
          {
            type: "table",
            title: "SQL",
            query: { kind: "sql", query: "SELECT count() AS n FROM events" }
          }
        ]
      }
    })
    const document: unknown = await (await render(id, "json")).json()
    expect(field(document, "blocks", 0, "table", "rows", 0, 0)).toBe(81)
  }, 60_000)

  it("loses its files when a person whom it names is erased, and others do not", async () => {
    const table = (query: object) => ({
      definition: { title: "T", sections: [{ type: "table", title: "T", query }] }
    })
    const made = async (query: object) => {
      const response = await render(await make(table(query)), "json")
      const place = url + (response.headers.get("content-location") ?? "")
      return { place, text: await response.text() }
    }
    const [people, numbers] = [
      await made({ kind: "people" }),
      await made({ kind: "trends", interval: "none", series: [{ measure: "total" }] })
    ]
    expect(people.text).toContain('"u3"')
    const batch = (await stack.file()).services["batch-processor"]
    const job = await client.call("POST", `${batch}/v1/jobs`, project.secretKey, {
      type: "erase",
      payload: { person: "u3" }
    })
    const at = `${batch}/v1/jobs/${field(job.body, "id")}`
    const end = Date.now() + 90_000
    let done = await client.call("GET", at, project.secretKey)
    while (field(done.body, "state") !== "succeeded") {
      if (field(done.body, "state") === "failed" || Date.now() > end)
        throw new Error(JSON.stringify(done))
      await Bun.sleep(50)
      done = await client.call("GET", at, project.secretKey)
    }
    const places: unknown = field(done.body, "result", "places")
    expect(places).toContainEqual({ place: "reports", before: 1, after: 0 })
    const headers = { authorization: `Bearer ${project.secretKey}` }
    expect((await fetch(people.place, { headers })).status).toBe(404)
    expect((await fetch(numbers.place, { headers })).status).toBe(200)
  }, 120_000)
})
