import { afterAll, beforeAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import {
  counting,
  insertOrders,
  saved,
  service,
  startInsights,
  unknownId,
  watermark
} from "../insights/insightsTest.ts"

setDefaultTimeout(60_000)

const { api, makeProject, runtime, stop } = startInsights()
const dashboards = api.v1.dashboards
let shop: Awaited<ReturnType<typeof makeProject>>
let other: Awaited<ReturnType<typeof makeProject>>
let orders: string
let people: string
let sql: string
let broken: string

const save = async (query: object, form = "number", project = shop) => {
  const body = saved(query, { chart: { form } })
  const { data, error } = await api.v1.insights.post(body, project.own)
  if (data === null) throw new Error(JSON.stringify(error.value))
  return data.id
}

beforeAll(async () => {
  shop = await makeProject()
  other = await makeProject()
  orders = await save(counting())
  people = await save(
    counting({ series: [{ event: "Ordered", measure: "unique_users" }] })
  )
  sql = await save({ kind: "sql", query: "SELECT count() AS n FROM events" }, "table")
  broken = await save({ kind: "sql", query: "SELECT nothing FROM events" }, "table")
  await runtime.runPromise(
    insertOrders(shop.id, [
      { user: "ann", plan: "pro" },
      { user: "ann", plan: "pro" },
      { user: "bob", plan: "free" }
    ])
  )
})
afterAll(stop)

const make = async (fields: object = {}, project = shop) => {
  const { data, error } = await dashboards.post(
    { name: "Mondays", ...fields },
    project.own
  )
  if (data === null) throw new Error(JSON.stringify(error.value))
  return { ...data, at: dashboards({ dashboardId: data.id }) }
}

const faults = async (fields: object) => {
  const { error, status } = await dashboards.post({ name: "n", ...fields }, shop.own)
  expect(status).toBe(422)
  return Object(error?.value).errors.map(
    ({ pointer }: { readonly pointer: string }) => pointer
  )
}

const isTrue = [{ property: "plan", op: "is", value: "pro" }]

describe("a dashboard", () => {
  it("is as it was written, and leaves to each tile what it does not say", async () => {
    const { at, ...made } = await make({
      tiles: [{ insight: orders }, { markdown: "# Hello", width: 12 }]
    })
    expect(made).toMatchObject({
      version: 1,
      description: "",
      range: null,
      timezone: null,
      filters: [],
      tiles: [
        { insight: orders, width: 6 },
        { markdown: "# Hello", width: 12 }
      ]
    })
    expect((await at.get(shop.own)).data).toEqual(made)
    const empty = await make()
    expect(empty.tiles).toEqual([])
  })

  it("has its tiles copied and moved by the list of them", async () => {
    const { at, tiles } = await make({
      tiles: [{ insight: orders }, { markdown: "a" }, { insight: people }]
    })
    const [first, second, third] = tiles
    if (!first || !second || !third) throw new Error("three tiles")
    const { id, ...copy } = first
    const { data } = await at.patch(
      { version: 1, tiles: [third, first, copy, second] },
      shop.own
    )
    expect(data).toMatchObject({ version: 2, name: "Mondays" })
    const ids = data?.tiles.map((tile) => tile.id) ?? []
    expect([ids[0], ids[1], ids[3]]).toEqual([third.id, id, second.id])
    expect(new Set(ids).size).toBe(4)
    expect(data?.tiles[2]).toMatchObject(copy)
    const late = await at.patch({ version: 1, name: "x" }, shop.own)
    expect(late).toMatchObject({ status: 409, error: { value: { version: 2 } } })
    const reset = await at.patch({ version: 2, range: "last_7d" }, shop.own)
    expect(reset.data?.tiles).toEqual(data?.tiles ?? [])
    const cleared = await at.patch({ version: 3, range: null }, shop.own)
    expect(cleared.data).toMatchObject({ range: null, version: 4 })
  })

  it("changes once, whoever else tries at the same time", async () => {
    const { at } = await make()
    const tried = await Promise.all(
      [orders, people, sql, broken].map((insight) =>
        at.patch({ version: 1, tiles: [{ insight }] }, shop.own)
      )
    )
    expect(tried.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
    const winner = tried.find(({ status }) => status === 200)
    expect((await at.get(shop.own)).data).toEqual(winner?.data ?? null)
  })

  it("is refused where it is wrong", async () => {
    const theirs = await save(counting(), "number", other)
    const tiles = [{ insight: orders }, { insight: unknownId }, { insight: theirs }]
    expect(await faults({ tiles })).toEqual(["/tiles/1/insight", "/tiles/2/insight"])
    expect(await faults({ tiles: [{ insight: orders, width: 13 }] })).toEqual([
      "/tiles/0/width"
    ])
    const twice = { id: unknownId, markdown: "a" }
    expect(await faults({ tiles: [twice, { ...twice, markdown: "b" }] })).toEqual([
      "/tiles/1/id"
    ])
    const many = Array.from({ length: 51 }, () => ({ markdown: "a" }))
    expect(await faults({ tiles: many })).toEqual(["/tiles"])
    const long = Array.from({ length: 11 }, () => ({ markdown: "a".repeat(20_000) }))
    expect(await faults({ tiles: long })).toEqual([""])
    expect(await faults({ range: "soon" })).toEqual(["/range"])
    const from = "2025-01-01T00:00:00Z"
    expect(await faults({ range: { from, to: from } })).toEqual(["/range/to"])
    expect(await faults({ timezone: "Mars" })).toEqual(["/timezone"])
    const filters = [{ property: "plan", op: "matches", value: "(" }]
    expect(await faults({ filters })).toEqual(["/filters/0/value"])
    expect(await faults({ more: 1 })).toEqual(["/more"])
  })

  it("is listed in pages, and leaves its insights when it goes", async () => {
    const project = await makeProject()
    const insight = await save(counting(), "number", project)
    const one = await make({ tiles: [{ insight }] }, project)
    const two = await make({}, project)
    const first = await dashboards.get({ ...project.own, query: { limit: 1 } })
    const cursor = first.data?.nextCursor ?? ""
    const rest = await dashboards.get({ ...project.own, query: { cursor } })
    const seen = [...(first.data?.dashboards ?? []), ...(rest.data?.dashboards ?? [])]
    expect(seen.map(({ id }) => id)).toEqual([one.id, two.id])
    expect(rest.data?.nextCursor).toBeNull()
    expect((await one.at.delete(undefined, project.own)).status).toBe(204)
    expect((await one.at.get(project.own)).status).toBe(404)
    const left = api.v1.insights({ insightId: insight })
    expect((await left.get(project.own)).status).toBe(200)
    expect((await left.delete(undefined, project.own)).status).toBe(204)
  })
})

describe("what a dashboard shows", () => {
  it("is all as of one moment, and one bad tile spoils no other", async () => {
    const { at, tiles } = await make({
      tiles: [
        { insight: orders },
        { insight: broken },
        { markdown: "a" },
        { insight: people },
        { insight: sql }
      ]
    })
    const { data } = await at.result.post(null, shop.own)
    const asOf = new Date(watermark).toISOString()
    expect(data).toMatchObject({ asOf, warnings: [], dashboard: { version: 1 } })
    expect(data?.tiles.map(({ id }) => id)).toEqual(tiles.map(({ id }) => id))
    expect(data?.tiles).toMatchObject([
      {
        type: "answer",
        insight: { id: orders },
        answer: { meta: { asOf }, result: { series: [{ data: [3] }] } },
        ignored: []
      },
      {
        type: "problem",
        insight: { id: broken },
        problem: {
          type: "urn:analytics:problem:invalid-query",
          status: 422,
          instance: `/v1/insights/${broken}/result`,
          errors: [{ pointer: "/query" }]
        }
      },
      { type: "markdown", markdown: "a", width: 6 },
      {
        type: "answer",
        answer: { meta: { asOf }, result: { series: [{ data: [2] }] } }
      },
      { type: "answer", answer: { meta: { asOf }, result: { rows: [["3"]] } } }
    ])
  })

  it("has the range and the filters of the request, then of the dashboard", async () => {
    const { at } = await make({
      range: { from: "2025-03-02T00:00:00Z", to: "2025-03-03T00:00:00Z" },
      filters: isTrue,
      tiles: [{ insight: orders }, { insight: sql }]
    })
    const shown = async (overrides: object) =>
      (await at.result.post(overrides, shop.own)).data?.tiles
    expect(await shown({})).toMatchObject([
      { answer: { result: { series: [{ data: [0] }] } }, ignored: [] },
      { answer: { result: { rows: [["3"]] } }, ignored: ["from", "to", "filters"] }
    ])
    expect(await shown({ range: "last_3d" })).toMatchObject([
      { answer: { result: { series: [{ data: [2] }] } } },
      { ignored: ["range", "filters"] }
    ])
    const free = [{ property: "plan", op: "is", value: "free" }]
    expect(await shown({ range: "last_3d", filters: free })).toMatchObject([
      { answer: { result: { series: [{ data: [0] }] } } },
      {}
    ])
    const asOf = "2025-03-01T11:00:00.000Z"
    expect(await shown({ range: "last_3d", asOf })).toMatchObject([
      { answer: { meta: { asOf }, result: { series: [{ data: [0] }] } } },
      { answer: { meta: { asOf } } }
    ])
    const ahead = await at.result.post({ asOf: "2025-03-04T00:00:00Z" }, shop.own)
    expect(ahead).toMatchObject({ status: 422 })
    const backwards = { from: "2025-03-02T00:00:00Z", to: "2025-03-01T00:00:00Z" }
    const refused = await at.result.post(backwards, shop.own)
    expect(refused).toMatchObject({
      status: 422,
      error: { value: { errors: [{ pointer: "/to" }] } }
    })
  })

  it("has the time zone of the dashboard where the request names none", async () => {
    const daily = await save(
      counting({ interval: "day", range: "last_3d", from: undefined, to: undefined }),
      "line"
    )
    const { at } = await make({ timezone: "Asia/Tokyo", tiles: [{ insight: daily }] })
    const first = async (overrides: object) => {
      const { data } = await at.result.post(overrides, shop.own)
      const [tile] = data?.tiles ?? []
      return tile?.type === "answer" ? Object(tile.answer.result).buckets[0] : tile
    }
    expect(await first({})).toBe("2025-02-28T15:00:00.000Z")
    expect(await first({ timezone: "UTC" })).toBe("2025-03-01T00:00:00.000Z")
  })

  it("is for its project, and for other services in its name", async () => {
    const { at, id } = await make({ tiles: [{ insight: orders }] })
    expect((await at.get(other.own)).status).toBe(404)
    expect((await at.result.post({}, other.own)).status).toBe(404)
    expect((await at.patch({ version: 1 }, other.own)).status).toBe(404)
    expect((await at.delete(undefined, other.own)).status).toBe(404)
    const query = await shop.keyWith("query")
    expect((await at.result.post({}, query)).status).toBe(200)
    expect((await at.patch({ version: 1 }, query)).status).toBe(403)
    const inside = api.internal.v1.dashboards({ dashboardId: id })
    const ofShop = { ...service, query: { projectId: shop.id } }
    const ofOther = { ...service, query: { projectId: other.id } }
    expect((await inside.get(ofShop)).data).toMatchObject({ id })
    expect((await inside.result.post({}, ofShop)).data?.tiles).toMatchObject([
      { answer: { result: { series: [{ data: [3] }] } } }
    ])
    expect((await inside.result.post({}, ofOther)).status).toBe(404)
    const listed = await api.internal.v1.dashboards.get(ofOther)
    expect(listed.data).toEqual({ dashboards: [], nextCursor: null })
  })
})
