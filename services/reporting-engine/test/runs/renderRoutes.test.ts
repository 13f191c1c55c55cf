import { afterAll, beforeAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import { createHash } from "node:crypto"
import { RenderFormat } from "@analytics/reports/RenderFormat"
import { ReportDocument } from "@analytics/reports/ReportDocument"
import { Deferred, Effect, Schema } from "effect"
import { reportConfig } from "../delivery/DeliveryTest.ts"
import { bearer, owner, startReports } from "./ReportsTest.ts"
import { chart, orders, ReportWorld, watermark } from "./ReportWorld.ts"

// The machine may be busy with other tests.
setDefaultTimeout(60_000)

const world = new ReportWorld()
const { api, app, runtime } = startReports(world)
beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(() => runtime.dispose())

const readDocument = Schema.decodeUnknownSync(ReportDocument)
const shaOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
  app.handle(
    new Request(`http://localhost/v1/reports${path}`, {
      method: "POST",
      headers: { ...owner.headers, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  )

/** The document of a definition that is nowhere kept. */
const preview = async (over: object, rest: object = {}) => {
  const response = await post("/preview?format=json", {
    definition: chart(over),
    ...rest
  })
  expect(response.status).toBe(200)
  return readDocument(await response.json())
}

const make = async (definition = chart()) => {
  const { data, error } = await api.v1.reports.post({ definition }, owner)
  if (data === null) throw new Error(JSON.stringify(error.value))
  return data.id
}

const failed = ({ blocks }: ReportDocument) =>
  blocks.flatMap((block) => (block.type === "failed" ? [block.detail] : []))

describe("a preview", () => {
  it("is made in every format and leaves nothing behind", async () => {
    const before = (await api.v1["report-runs"].get(owner)).data?.runs.length
    for (const format of ["html", "csv", "xlsx", "json"]) {
      const response = await post(`/preview?format=${format}`, { definition: chart() })
      expect(response.status).toBe(200)
      expect((await response.bytes()).length).toBeGreaterThan(100)
    }
    const after = (await api.v1["report-runs"].get(owner)).data?.runs.length
    expect(after).toBe(before)
    expect((await post("/preview?format=docx", { definition: chart() })).status).toBe(
      422
    )
    const { status } = await post("/preview", { definition: { title: "no sections" } })
    expect(status).toBe(422)
  })

  it("asks every section about the same moment, range, zone and filters", async () => {
    world.asked = []
    const filter = { property: "plan", op: "is", value: { $parameter: "plan" } }
    const [section] = chart().sections
    const document = await preview(
      {
        range: "last_week",
        filters: [filter],
        parameters: [{ name: "plan", type: "text", default: "free" }],
        sections: [
          section,
          { ...section, query: { ...section?.query, range: "yesterday" } },
          { type: "markdown", text: "Of {{plan}}." }
        ]
      },
      { parameters: { plan: "*pro*" } }
    )
    expect(document).toMatchObject({ asOf: watermark, timezone: "Europe/Berlin" })
    expect(world.asked.map(({ from, to }) => [from, to]).sort()).toEqual([
      ["2026-11-15T23:00:00.000Z", "2026-11-22T23:00:00.000Z"],
      ["2026-11-21T23:00:00.000Z", "2026-11-22T23:00:00.000Z"]
    ])
    for (const asked of world.asked)
      expect(asked).toMatchObject({
        asOf: watermark,
        timezone: "Europe/Berlin",
        filters: [{ ...filter, value: "*pro*" }]
      })
    expect(document.blocks.at(-1)).toMatchObject({ text: "Of \\*pro\\*." })
  })

  it("leaves SQL its own time, and asks about people of a number in the range", async () => {
    world.asked = []
    const people = {
      kind: "people",
      of: { query: { ...orders.query, range: "today" } }
    }
    await preview({
      sections: [
        { type: "table", title: "SQL", query: { kind: "sql", query: "SELECT 1" } },
        { type: "table", title: "People", query: people }
      ]
    })
    const [sql, of] = world.asked.sort((a, b) =>
      String(b["kind"]).localeCompare(String(a["kind"]))
    )
    expect(sql).toEqual({ kind: "sql", query: "SELECT 1", asOf: watermark })
    expect(of).toMatchObject({
      of: { query: { timezone: "Europe/Berlin", from: expect.any(String) } },
      asOf: watermark
    })
    expect(of).not.toHaveProperty("from")
  })

  it("takes an insight's own range as of the report's moment", async () => {
    world.overrides = []
    const sections = [{ type: "insight", insight: orders.id }]
    const at = "2026-03-10T12:00:00Z"
    await preview({ sections }, { at })
    await preview({ sections, range: "yesterday" }, { at })
    expect(world.overrides).toMatchObject([
      { from: "2026-03-03T23:00:00.000Z", to: "2026-03-10T23:00:00.000Z" },
      { from: "2026-03-08T23:00:00.000Z", to: "2026-03-09T23:00:00.000Z" }
    ])
  })

  it("wants parameters that have no default, of their types, even odd names", async () => {
    const parameters = [
      { name: "constructor", type: "text" },
      { name: "valueOf", type: "text", default: "y" },
      { name: "n", type: "number", default: 1 }
    ]
    const ask = async (values?: object) => {
      const body = { definition: chart({ parameters }), parameters: values ?? {} }
      const response = await post("/preview?format=json", body)
      const text = await response.text()
      return response.status === 200
        ? "made"
        : JSON.parse(text)
            .errors.map((it: { pointer: string }) => it.pointer)
            .join()
    }
    expect(await ask()).toBe("/parameters/constructor")
    expect(await ask({ constructor: "x" })).toBe("made")
    expect(await ask({ constructor: "x", n: "1" })).toBe("/parameters/n")
    expect(await ask({ constructor: "x", m: 1 })).toBe("/parameters/m")
  })
})

describe("a section that cannot be made", () => {
  it("says so and why, beside the others", async () => {
    const document = await preview({
      sections: [
        ...chart().sections,
        { type: "query", title: "Odd", query: { kind: "trends" } },
        { type: "insight", insight: "0198c6a8-0000-7000-8000-00000000dead" },
        { type: "ingestion", show: "accounting", title: "Accounting" }
      ]
    })
    expect(document.blocks.map(({ type }) => type)).toEqual([
      "chart",
      "failed",
      "failed",
      "metrics",
      "table"
    ])
    expect(failed(document)).toEqual([
      "/series: Missing key",
      "There is no such insight"
    ])
    const page = await post("/preview", {
      definition: chart({
        sections: [
          ...chart().sections,
          { type: "query", title: "Odd <b>", query: { kind: "trends" } }
        ]
      })
    })
    const html = await page.text()
    expect(html).toContain("Odd &lt;b&gt;")
    expect(html).toContain("/series: Missing key")
  })

  it("takes no other number of its row with it", async () => {
    const [section] = chart().sections
    const document = await preview({
      sections: [
        {
          type: "metrics",
          metrics: [
            { title: "Odd", query: { kind: "trends" } },
            { title: "Orders", query: section?.query }
          ]
        },
        {
          type: "metrics",
          metrics: [
            { title: "Odd", query: { kind: "trends" } },
            { title: "Odder", query: { kind: "trends" } }
          ]
        }
      ]
    })
    expect(document.blocks).toMatchObject([
      { type: "metrics", metrics: [{ title: "Orders" }] },
      { type: "failed", title: "Odd", detail: "/series: Missing key" },
      { type: "failed", title: "Odd, Odder" }
    ])
  })

  it("says what answers warn of, and that data is missing yet", async () => {
    world.warnings = ["watermark_stale"]
    world.annotationsRefused = true
    const [section] = chart().sections
    const document = await preview({
      range: "today",
      sections: [{ type: "metrics", metrics: [{ title: "N", query: section?.query }] }]
    })
    world.warnings = []
    world.annotationsRefused = false
    expect(document.notices.map(({ text }) => text)).toEqual([
      "The data is not complete yet: events of the end of the range may be missing.",
      "Annotations are missing: they could not be read.",
      "Newer events may be stored: ingestion could not be asked."
    ])
  })
})

describe("a rendered report", () => {
  it("is the same bytes as of the same moment, whatever happens meanwhile", async () => {
    const id = await make(chart({ range: "last_week" }))
    const moment = { asOf: "2026-11-20T08:00:00Z" }
    const shas = new Map<string, string>()
    for (const format of RenderFormat.literals) {
      const response = await post(`/${id}/render?format=${format}`, moment)
      expect(response.status).toBe(200)
      shas.set(format, shaOf(await response.bytes()))
    }
    world.watermark = "2026-11-24T00:00:00.000Z"
    for (const format of RenderFormat.literals) {
      const response = await post(`/${id}/render?format=${format}`, moment)
      const bytes = await response.bytes()
      expect(shaOf(bytes)).toBe(shas.get(format) ?? "")
      expect(response.headers.get("etag")).toBe(`"${shaOf(bytes)}"`)
    }
    world.watermark = watermark
    const later = await post(`/${id}/render?format=html`, {
      asOf: "2026-11-13T08:00:00Z"
    })
    expect(shaOf(await later.bytes())).not.toBe(shas.get("html") ?? "")
  })

  it("says where it stays, in its run", async () => {
    const id = await make()
    const response = await post(`/${id}/render?format=csv`)
    const place = response.headers.get("content-location") ?? ""
    const [, , , runId = ""] = place.split("/")
    const run = await api.v1["report-runs"]({ runId }).get(owner)
    const bytes = await response.bytes()
    expect(run.data).toMatchObject({
      reportId: id,
      reportVersion: 1,
      state: "succeeded",
      reason: "manual",
      createdBy: "7",
      asOf: watermark,
      failedSections: 0,
      files: [{ format: "csv", bytes: bytes.length, sha256: shaOf(bytes) }]
    })
  })

  it("is made in the background for whoever prefers that", async () => {
    const id = await make()
    const begun = await post(
      `/${id}/render?format=json`,
      {},
      { prefer: "respond-async" }
    )
    expect(begun.status).toBe(202)
    expect(begun.headers.get("preference-applied")).toBe("respond-async")
    const runId = begun.headers.get("location")?.split("/").at(-1) ?? ""
    const end = Date.now() + 30_000
    for (;;) {
      const { data } = await api.v1["report-runs"]({ runId }).get(owner)
      if (data?.state === "succeeded") break
      if (data?.state === "failed" || Date.now() > end)
        throw new Error(`${data?.error}`)
      await Bun.sleep(10)
    }
  })

  it("is refused for text and instants that cannot be kept", async () => {
    const parameters = [{ name: "plan", type: "text" as const, default: "" }]
    const id = await make(chart({ parameters }))
    const refusedAt = async (body: object) => {
      const response = await post(`/${id}/render?format=json`, body)
      expect(response.status).toBe(422)
      return JSON.parse(await response.text()).errors[0].pointer
    }
    expect(await refusedAt({ parameters: { plan: "a\u0000b" } })).toBe(
      "/parameters/plan"
    )
    expect(await refusedAt({ parameters: { plan: "\ud800" } })).toBe("/parameters/plan")
    expect(await refusedAt({ at: "2026-02-30T00:00:00Z" })).toBe("/at")
    expect(await refusedAt({ at: "9999-12-31T23:59:59Z" })).toBe("/at")
    expect(await refusedAt({ asOf: "0000-01-01T00:00:00Z" })).toBe("/asOf")
  })

  it("is not made in the background for more than may wait", async () => {
    const id = await make()
    const letGo = await runtime.runPromise(Deferred.make<void>())
    world.gate = Deferred.await(letGo)
    const begin = async () => {
      const headers = { prefer: "respond-async" }
      const response = await post(`/${id}/render?format=json`, {}, headers)
      if (response.status === 429)
        expect(response.headers.get("retry-after")).toBe("10")
      return response.status
    }
    const most = reportConfig.renderers + reportConfig.renderQueue
    const statuses = await Promise.all(Array.from({ length: most + 3 }, begin))
    expect(statuses.filter((status) => status === 202).length).toBe(most)
    expect(statuses.filter((status) => status === 429).length).toBe(3)
    await runtime.runPromise(Deferred.succeed(letGo, undefined))
    world.gate = Effect.void
    const end = Date.now() + 30_000
    const query = { reportId: id, limit: 100 }
    for (;;) {
      const { data } = await api.v1["report-runs"].get({ ...owner, query })
      const runs = data?.runs ?? []
      expect(runs.length).toBe(most)
      if (runs.every(({ state }) => state === "succeeded")) break
      if (runs.some(({ state }) => state === "failed") || Date.now() > end)
        throw new Error("not all were made")
      await Bun.sleep(50)
    }
    expect(await begin()).toBe(202)
  })

  it("is refused for parameters that do not fit, and the run says why", async () => {
    const parameters = [{ name: "plan", type: "text" as const }]
    const id = await make(chart({ parameters }))
    const response = await post(`/${id}/render`)
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({
      errors: [{ pointer: "/parameters/plan" }]
    })
    const query = { reportId: id }
    const { data } = await api.v1["report-runs"].get({ ...owner, query })
    expect(data?.runs).toMatchObject([
      {
        state: "failed",
        error: "The report cannot be made like this: Its parameters do not fit."
      }
    ])
    expect(
      (await api.v1["report-runs"].get({ ...bearer("8"), query })).data?.runs
    ).toEqual([])
  })
})
