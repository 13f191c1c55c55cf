import { afterAll, beforeAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  counting,
  DAY,
  insertOrders,
  saved,
  service,
  startInsights,
  unknownId,
  watermark
} from "./insightsTest.ts"

setDefaultTimeout(60_000)

const { api, makeProject, runtime, stop } = startInsights()
const insights = api.v1.insights
let shop: Awaited<ReturnType<typeof makeProject>>
let other: Awaited<ReturnType<typeof makeProject>>
beforeAll(async () => {
  shop = await makeProject()
  other = await makeProject()
  await runtime.runPromise(
    insertOrders(shop.id, [
      { user: "ann", plan: "pro" },
      { user: "ann", plan: "pro" },
      { user: "bob", plan: "free" }
    ])
  )
})
afterAll(stop)

const make = async (...of: Parameters<typeof saved>) => {
  const { data, error } = await insights.post(saved(...of), shop.own)
  if (data === null) throw new Error(JSON.stringify(error.value))
  return { ...data, at: insights({ insightId: data.id }) }
}

/** The one number of an answer of `counting`. */
const numberIn = (data: { readonly answer: { readonly result: unknown } } | null) =>
  data === null
    ? undefined
    : Object(data.answer.result).series.map(
        ({ data }: { readonly data: ReadonlyArray<number> }) => data[0]
      )[0]

describe("an insight", () => {
  it("is as it was written, by whom, and says so to others of the project", async () => {
    const body = saved(counting(), {
      description: "Of all shops",
      chart: {
        form: "number",
        values: { kind: "currency", unit: "EUR" },
        better: "more"
      }
    })
    const { data, status } = await insights.post(body, shop.own)
    expect(status).toBe(201)
    expect(data).toMatchObject({
      ...body,
      version: 1,
      updatedAt: data?.createdAt ?? ""
    })
    expect(data?.createdBy).toBe(data?.updatedBy ?? "")
    const keys = await api.v1
      .projects({ projectId: String(shop.id) })
      .keys.get(shop.own)
    expect(JSON.stringify(keys.data)).toContain(String(data?.createdBy))
    const insightId = data?.id ?? ""
    expect((await insights({ insightId }).get(shop.own)).data).toEqual(data)
  })

  it("is refused where its query is wrong", async () => {
    const faults = async (query: object, fields: object = {}) => {
      const { error, status } = await insights.post(saved(query, fields), shop.own)
      expect(status).toBe(422)
      const { errors = [] } = Object(error?.value)
      return errors.map(({ pointer }: { readonly pointer: string }) => pointer)
    }
    expect(await faults({ kind: "unheard" })).toEqual(["/query/kind"])
    expect(await faults(counting({ series: [] }))).toEqual(["/query/series"])
    expect(await faults(counting({ from: undefined }))).toEqual(["/query/from"])
    expect(await faults(counting({ more: 1 }))).toEqual(["/query/more"])
    const matching = [{ property: "plan", op: "matches", value: "(" }]
    expect(await faults(counting({ filters: matching }))).toEqual([
      "/query/filters/0/value"
    ])
    expect(await faults(counting({ cohort: unknownId }))).toEqual(["/query/cohort"])
    const written = { kind: "sql", query: "SELECT * FROM system.users" }
    expect(await faults(written)).toEqual(["/query/query"])
    expect(await faults(counting({ asOf: `${DAY}T00:00:00Z` }))).toEqual([
      "/query/asOf"
    ])
    expect(await faults(counting({ cursor: "x" }))).toEqual(["/query/cursor"])
    const long = { ...written, query: `SELECT '${"x".repeat(70_000)}'` }
    expect(await faults(long)).toEqual(["/query/query"])
    const many = Array.from({ length: 10_000 }, (_, n) => `${n}`.padStart(30, "x"))
    const listed = [{ property: "plan", op: "in", value: many }]
    expect(await faults(counting({ filters: listed }))).toEqual(["/query"])
    expect(await faults(counting(), { chart: { form: "funnel" } })).toEqual([
      "/chart/form"
    ])
    expect(await faults(counting(), { name: "" })).toEqual(["/name"])
    expect(await faults(counting(), { name: "a\0b" })).toEqual(["/name"])
    expect((await insights.post(null, shop.own)).status).toBe(422)
  })

  it("may name what Postgres' own JSON refuses", async () => {
    const query = counting({
      series: [{ event: "nul \0 and half a pair \ud800", measure: "total" }]
    })
    const { at } = await make(query)
    expect((await at.get(shop.own)).data?.query).toEqual(query)
    expect(numberIn((await at.result.post(null, shop.own)).data)).toBe(0)
  })

  it("changes only from the version that was read", async () => {
    const { at } = await make()
    const first = await at.patch({ version: 1, name: "One" }, shop.own)
    expect(first).toMatchObject({ status: 200, data: { version: 2, name: "One" } })
    const late = await at.patch({ version: 1, name: "Two" }, shop.own)
    expect(late).toMatchObject({ status: 409, error: { value: { version: 2 } } })
    expect((await at.patch({ name: "Two" }, shop.own)).status).toBe(422)
    const both = await Promise.all(
      ["A", "B", "C", "D"].map((name) => at.patch({ version: 2, name }, shop.own))
    )
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
    const { data } = await at.get(shop.own)
    expect(data).toMatchObject({ version: 3, query: counting() })
  })

  it("keeps what its versions said, and says it again when asked", async () => {
    const { at } = await make()
    const unique = counting({ series: [{ event: "Ordered", measure: "unique_users" }] })
    await at.patch({ version: 1, query: unique }, shop.own)
    await at.patch({ version: 2, description: "People" }, shop.own)
    const restored = await at.restore.post({ version: 1 }, shop.own)
    expect(restored.data).toMatchObject({
      version: 4,
      query: counting(),
      description: ""
    })
    const newest = await at.versions.get({ ...shop.own, query: { limit: 3 } })
    expect(newest.data?.versions.map(({ version }) => version)).toEqual([4, 3, 2])
    const cursor = newest.data?.nextCursor ?? 0
    const rest = await at.versions.get({ ...shop.own, query: { cursor } })
    expect(rest.data).toMatchObject({ versions: [{ version: 1 }], nextCursor: null })
    expect(newest.data?.versions[1]).toMatchObject({
      query: unique,
      description: "People"
    })
    expect((await at.restore.post({ version: 9 }, shop.own)).status).toBe(404)
  })

  it("forgets versions but the newest hundred", async () => {
    const { at, id } = await make()
    await runtime.runPromise(
      SqlClient.SqlClient.use(
        (sql) => sql`UPDATE control.insights SET version = 100 WHERE id = ${id}::uuid`
      )
    )
    expect((await at.patch({ version: 100, name: "x" }, shop.own)).status).toBe(200)
    const { data } = await at.versions.get(shop.own)
    expect(data?.versions.map(({ version }) => version)).toEqual([101])
    expect((await at.restore.post({ version: 1 }, shop.own)).status).toBe(404)
  })

  it("is listed in pages, in the order of making", async () => {
    const project = await makeProject()
    const made: Array<string | undefined> = []
    for (const name of ["a", "b", "c"]) {
      const { data } = await insights.post(saved(counting(), { name }), project.own)
      made.push(data?.id)
    }
    const first = await insights.get({ ...project.own, query: { limit: 2 } })
    const cursor = first.data?.nextCursor ?? ""
    const second = await insights.get({ ...project.own, query: { cursor } })
    const seen = [...(first.data?.insights ?? []), ...(second.data?.insights ?? [])]
    expect(seen.map(({ id }) => id)).toEqual(made.map(String))
    expect(second.data?.nextCursor).toBeNull()
    const wrong = await insights.get({ ...project.own, query: { limit: 101 } })
    expect(wrong.status).toBe(422)
  })

  it("is written once, however often it is sent", async () => {
    const headers = { ...shop.own.headers, "idempotency-key": "insight-1" }
    const one = await insights.post(saved(), { headers })
    const two = await insights.post(saved(), { headers })
    expect(two.data).toEqual(one.data)
    expect(two.response.headers.get("idempotency-replayed")).toBe("true")
  })

  it("has a limit to how many there are", async () => {
    const project = await makeProject()
    await runtime.runPromise(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`
          INSERT INTO control.insights
            (id, project_id, name, description, query, chart, created_by, updated_by)
          SELECT gen_random_uuid(), ${BigInt(project.id)}, 'n', '', '{}', '{}', '', ''
            FROM generate_series(1, 999)`
      })
    )
    expect((await insights.post(saved(), project.own)).status).toBe(201)
    expect((await insights.post(saved(), project.own)).status).toBe(409)
  })
})

describe("the result of an insight", () => {
  it("is what /v1/query answers, and is kept", async () => {
    const { at, id } = await make()
    const { data } = await at.result.post(null, shop.own)
    expect(numberIn(data)).toBe(3)
    expect(data).toMatchObject({
      insight: { id, version: 1 },
      keptAt: null,
      answer: { kind: "trends", meta: { asOf: new Date(watermark).toISOString() } }
    })
    const asked = await api.v1.query.post(counting(), shop.own)
    expect(asked.data).toMatchObject({ result: data?.answer.result })
    const again = await at.result.post({}, shop.own)
    expect(again.data).toMatchObject({ answer: { meta: { cached: true } } })
    expect(again.data?.keptAt).not.toBeNull()
    const fresh = await at.result.post({ fresh: true }, shop.own)
    expect(fresh.data).toMatchObject({
      keptAt: null,
      answer: { meta: { cached: false } }
    })
  })

  it("is asked with another range, time zone, more filters, a comparison", async () => {
    const onlyPro = [{ property: "plan", op: "is", value: "pro" }]
    const { at } = await make(counting({ filters: onlyPro }))
    const with_ = async (overrides: object) =>
      (await at.result.post(overrides, shop.own)).data
    expect(numberIn(await with_({}))).toBe(2)
    const later = { from: "2025-03-02T00:00:00Z", to: "2025-03-03T00:00:00Z" }
    expect(numberIn(await with_(later))).toBe(0)
    // Without a moment, it is today that counts, and all orders are of long ago.
    expect(numberIn(await with_({ range: "last_3d" }))).toBe(0)
    const then = { range: "last_3d", asOf: new Date(watermark).toISOString() }
    expect(numberIn(await with_(then))).toBe(2)
    const free = [{ property: "plan", op: "is", value: "free" }]
    expect(numberIn(await with_({ filters: free }))).toBe(0)
    expect(await with_({ compare: "previous_period" })).toMatchObject({
      answer: { result: { compare: { series: [{ data: [0] }] } } }
    })
    const asOf = "2025-03-01T12:00:00Z"
    expect(await with_({ asOf })).toMatchObject({
      answer: { meta: { asOf: "2025-03-01T12:00:00.000Z" } }
    })
  })

  it("is refused where what it is asked with is wrong", async () => {
    const { at } = await make()
    const written = await make(
      { kind: "sql", query: "SELECT 1 AS one" },
      {
        chart: { form: "table" }
      }
    )
    const faults = async (of: typeof at, overrides: object) => {
      const { error } = await of.result.post(overrides, shop.own)
      return Object(error?.value).errors?.map(
        ({ pointer }: { readonly pointer: string }) => pointer
      )
    }
    expect(await faults(at, { range: "soon" })).toEqual(["/range"])
    expect(await faults(at, { from: `${DAY}T00:00:00Z` })).toEqual(["/to"])
    const backwards = { from: `${DAY}T00:00:00Z`, to: "2025-01-01T00:00:00Z" }
    expect(await faults(at, backwards)).toEqual(["/to"])
    const both = {
      range: "today",
      from: "2025-01-01T00:00:00Z",
      to: `${DAY}T00:00:00Z`
    }
    expect(await faults(at, both)).toEqual(["/range"])
    const matching = [{ property: "plan", op: "matches", value: "(" }]
    expect(await faults(at, { filters: matching })).toEqual(["/filters/0/value"])
    expect(await faults(written.at, { range: "today" })).toEqual(["/range"])
    expect(await faults(at, { asOf: "2025-03-04T00:00:00Z" })).toEqual(["/asOf"])
    expect((await written.at.result.post({}, shop.own)).status).toBe(200)
  })
})

describe("who may", () => {
  it("read needs reports or query, change reports", async () => {
    const { at } = await make()
    const query = await shop.keyWith("query")
    const reports = await shop.keyWith("reports")
    const jobs = await shop.keyWith("jobs")
    expect((await at.get(query)).status).toBe(200)
    expect((await at.result.post({}, query)).status).toBe(200)
    expect((await at.patch({ version: 1, name: "x" }, query)).status).toBe(403)
    expect((await insights.post(saved(), query)).status).toBe(403)
    expect((await at.delete(undefined, query)).status).toBe(403)
    expect((await at.get(reports)).status).toBe(200)
    expect((await at.patch({ version: 1, name: "x" }, reports)).status).toBe(200)
    const refused = await at.get(jobs)
    expect(refused).toMatchObject({
      status: 403,
      error: { value: { detail: 'It lacks the scope "reports" or "query".' } }
    })
    expect((await at.get(shop.write)).status).toBe(403)
  })

  it("knows nothing of another project's", async () => {
    const { at, id } = await make()
    expect((await at.get(other.own)).status).toBe(404)
    expect((await at.patch({ version: 1, name: "x" }, other.own)).status).toBe(404)
    expect((await at.versions.get(other.own)).status).toBe(404)
    expect((await at.restore.post({ version: 1 }, other.own)).status).toBe(404)
    expect((await at.result.post({}, other.own)).status).toBe(404)
    expect((await at.delete(undefined, other.own)).status).toBe(404)
    expect(JSON.stringify((await insights.get(other.own)).data)).not.toContain(id)
  })

  it("asks as another service, in the name of a project", async () => {
    const { id } = await make()
    const inside = api.internal.v1.insights
    const of = (projectId: number) => ({
      ...service,
      query: { projectId }
    })
    const named = inside({ insightId: id })
    expect((await named.get(of(shop.id))).data).toMatchObject({ id })
    expect((await named.get(of(other.id))).status).toBe(404)
    expect((await named.get(of(4_000_000_000))).status).toBe(404)
    expect(numberIn((await named.result.post({}, of(shop.id))).data)).toBe(3)
    expect((await inside.get(of(other.id))).data).toEqual({
      insights: [],
      nextCursor: null
    })
    const query = { projectId: shop.id }
    expect((await named.get({ ...shop.own, query })).status).toBe(401)
    const project = api.internal.v1.projects({ projectId: String(shop.id) })
    expect((await project.get(service)).data).toEqual({
      id: shop.id,
      name: "Shop",
      timezone: "UTC"
    })
    expect((await project.get(shop.own)).status).toBe(401)
  })
})

describe("an insight that is deleted", () => {
  it("goes with its versions, unless dashboards show it", async () => {
    const { at, id } = await make()
    const shown = await api.v1.dashboards.post(
      { name: "Mondays", tiles: [{ insight: id }, { insight: id.toUpperCase() }] },
      shop.own
    )
    const refused = await at.delete(undefined, shop.own)
    expect(refused).toMatchObject({
      status: 409,
      error: { value: { dashboards: [{ id: shown.data?.id ?? "", name: "Mondays" }] } }
    })
    const dashboard = api.v1.dashboards({ dashboardId: shown.data?.id ?? "" })
    await dashboard.patch({ version: 1, tiles: [] }, shop.own)
    expect((await at.delete(undefined, shop.own)).status).toBe(204)
    expect((await at.get(shop.own)).status).toBe(404)
    expect((await at.delete(undefined, shop.own)).status).toBe(404)
    const left = await runtime.runPromise(
      SqlClient.SqlClient.use(
        (sql) => sql`SELECT 1 FROM control.insight_versions WHERE insight = ${id}::uuid`
      )
    )
    expect(left).toEqual([])
  })
})
