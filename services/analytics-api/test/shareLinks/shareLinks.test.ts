import { afterAll, beforeAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import { Effect, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { Audit } from "../../src/audit/Audit.ts"
import {
  counting,
  insertOrders,
  unknownId,
  watermark
} from "../insights/insightsTest.ts"
import { inDays, insertEvents, startSharing } from "./sharing.ts"

setDefaultTimeout(60_000)

const { api, arrange, linkTo, makeProject, open, runtime, save, share, stop } =
  startSharing()
let shop: Awaited<ReturnType<typeof makeProject>>
let other: Awaited<ReturnType<typeof makeProject>>
let orders: string

const ordersOf = (plan: string, people: number) =>
  Array.from({ length: people }, (_, index) => ({ user: `${plan}${index}`, plan }))

const sql = <A>(use: (sql: SqlClient.SqlClient) => Effect.Effect<A, unknown>) =>
  runtime.runPromise(SqlClient.SqlClient.use(use))

beforeAll(async () => {
  shop = await makeProject()
  other = await makeProject()
  orders = await save(shop, counting())
  await runtime.runPromise(
    insertOrders(shop.id, [...ordersOf("pro", 12), ...ordersOf("free", 4)])
  )
})
afterAll(stop)

const faults = async (of: object, fields: object = {}) => {
  const { error, status } = await share(shop, of, fields)
  expect(status).toBe(422)
  return Object(error?.value).errors.map(
    ({ pointer }: { readonly pointer: string }) => pointer
  )
}

const resultOf = async (token: string, tile = 0) => {
  const { data, error } = await open(token)
  if (data === null) throw new Error(JSON.stringify(error.value))
  const found = data.tiles[tile]
  return found?.type === "answer" ? Object(found.result) : found
}

describe("a share link", () => {
  it("shows its insight to whoever holds it, and tells its token once", async () => {
    const link = await linkTo(shop, { insight: orders })
    expect(link).toMatchObject({
      floor: 10,
      uses: 0,
      lastUsedAt: null,
      revokedAt: null
    })
    expect(link.token).toMatch(/^sl_[\w-]{43}$/u)
    const { data, response } = await open(link.token)
    expect(data).toMatchObject({
      name: "Orders",
      floor: 10,
      asOf: new Date(watermark).toISOString(),
      expiresAt: link.expiresAt,
      tiles: [{ type: "answer", kind: "trends", result: { series: [{ data: [16] }] } }]
    })
    const [tile] = data?.tiles ?? []
    // What a chart is labelled with, and nothing of what narrows the question.
    expect(tile).toMatchObject({
      timezone: expect.any(String),
      asked: { series: [{ measure: expect.any(String) }] }
    })
    expect(JSON.stringify(tile)).not.toContain("filters")
    expect(response.headers.get("cache-control")).toBe("no-store")
    expect(response.headers.get("referrer-policy")).toBe("no-referrer")
    expect(response.headers.get("x-robots-tag")).toBe("noindex")
    const { token, ...rest } = link
    const listed = await api.v1["share-links"].get(shop.own)
    const found = listed.data?.shareLinks.find(({ id }) => id === link.id)
    expect(found).toEqual({ ...rest, uses: 1, lastUsedAt: expect.any(String) })
    const stored = await sql(
      (ask) =>
        ask`SELECT l::text AS row FROM control.share_links AS l WHERE id = ${link.id}::uuid`
    )
    expect(JSON.stringify(stored)).not.toContain(token.slice(3))
  })

  it("is known to its project only", async () => {
    const link = await linkTo(shop, { insight: orders })
    expect((await api.v1["share-links"].get(other.own)).data?.shareLinks).toEqual([])
    const at = api.v1["share-links"]({ shareLinkId: link.id })
    expect((await at.delete(undefined, other.own)).status).toBe(404)
    expect((await share(other, { insight: orders })).status).toBe(404)
    const reader = await shop.keyWith("query")
    expect((await at.delete(undefined, reader)).status).toBe(403)
    expect((await open(link.token)).status).toBe(200)
  })

  it("ends when it is revoked or expires, and only its holder learns so", async () => {
    const link = await linkTo(shop, { insight: orders })
    const at = api.v1["share-links"]({ shareLinkId: link.id })
    expect((await at.delete(undefined, shop.own)).status).toBe(204)
    expect((await at.delete(undefined, shop.own)).status).toBe(204)
    const old = await linkTo(shop, { insight: orders })
    await sql(
      (
        ask
      ) => ask`UPDATE control.share_links SET expires_at = now() - interval '1 second'
                    WHERE id = ${old.id}::uuid`
    )
    for (const { token } of [link, old]) {
      const { error, response, status } = await open(token)
      expect(status).toBe(410)
      expect(error?.value).toMatchObject({ type: "urn:analytics:problem:shared-gone" })
      expect(response.headers.get("cache-control")).toBe("no-store")
      expect(response.headers.get("referrer-policy")).toBe("no-referrer")
    }
    await sql(
      (
        ask
      ) => ask`UPDATE control.share_links SET revoked_at = now() - interval '91 days'
                    WHERE id = ${old.id}::uuid`
    )
    const ended = await api.v1["share-links"].get(shop.own)
    const ids = ended.data?.shareLinks.map(({ id }) => id)
    expect(ids).toContain(link.id)
    expect(ids).not.toContain(old.id)
    const unknown = [
      old.token,
      "sl_x",
      "%00",
      `sl_${"a".repeat(43)}`,
      `sk_${"0".repeat(64)}`
    ]
    for (const token of [...unknown, "a".repeat(5000)])
      expect((await open(token)).status).toBe(404)
  })

  it("is gone with what it shows", async () => {
    const mine = await makeProject()
    const insight = await save(mine, counting())
    const { id } = await arrange(mine, [await save(mine, counting())])
    const links = [
      await linkTo(mine, { insight }),
      await linkTo(mine, { dashboard: id })
    ]
    await api.v1.insights({ insightId: insight }).delete(undefined, mine.own)
    await api.v1.dashboards({ dashboardId: id }).delete(undefined, mine.own)
    for (const { token } of links) expect((await open(token)).status).toBe(404)
    const left = await linkTo(mine, { insight: await save(mine, counting()) })
    await sql(
      (ask) => ask`UPDATE control.projects SET deleted_at = now()
                            WHERE id = ${mine.id}`
    )
    expect((await open(left.token)).status).toBe(404)
  })

  it("is refused where it is wrong", async () => {
    const of = { insight: orders }
    const { id, tiles } = await arrange(shop, [orders])
    expect(await faults(of, { expiresAt: inDays(367) })).toEqual(["/expiresAt"])
    expect(await faults(of, { expiresAt: inDays(-1) })).toEqual(["/expiresAt"])
    // Not the zone of this machine, and not the first day of a year.
    const moments = [String(new Date().getFullYear() + 1), inDays(3).slice(0, 16)]
    for (const expiresAt of moments)
      expect(await faults(of, { expiresAt })).toEqual(["/expiresAt"])
    expect(await faults(of, { floor: 2 })).toEqual(["/floor"])
    expect(await faults(of, { range: "last_7d", from: inDays(0) })).toEqual(["/range"])
    expect(await faults(of, { from: inDays(0) })).toEqual(["/to"])
    expect(await faults(of, { tiles: [unknownId] })).toEqual(["/tiles"])
    const wanted = [tiles[0]?.id ?? "", unknownId]
    expect(await faults({ dashboard: id }, { tiles: wanted })).toEqual(["/tiles/1"])
    const filters = [{ property: "", op: "is", value: 1 }]
    expect(await faults(of, { filters })).toEqual(["/filters/0/property"])
    // Where no question would refuse them.
    const text = await api.v1.dashboards.post({ name: "Text" }, shop.own)
    const many = [{ property: "plan", op: "is", value: "x".repeat(200_000) }]
    const dashboard = text.data?.id ?? ""
    expect(await faults({ dashboard }, { filters: many })).toEqual(["/filters"])
    expect((await share(shop, { insight: unknownId })).status).toBe(404)
    expect((await share(shop, { dashboard: unknownId })).status).toBe(404)
  })

  it("is refused for what cannot be protected", async () => {
    const refused = async (query: object) =>
      faults({ insight: await save(shop, query) })
    const range = { range: "last_7d" }
    const all = { event: "Ordered", measure: "total" }
    const paid = { ...all, filters: [{ property: "plan", op: "is", value: "pro" }] }
    const at = "/of/insight/query"
    expect(await refused({ kind: "sql", query: "SELECT 1" })).toEqual([`${at}/kind`])
    expect(await refused({ kind: "people", ...range })).toEqual([`${at}/kind`])
    expect(await refused({ kind: "paths", ...range })).toEqual([`${at}/kind`])
    expect(await refused({ kind: "sessions", ...range, list: true })).toEqual([
      `${at}/list`
    ])
    expect(await refused(counting({ series: [all, paid] }))).toEqual([`${at}/series/1`])
    const highest = { ...all, measure: "max", property: "value" }
    expect(await refused(counting({ series: [highest] }))).toEqual([`${at}/series/0`])
    const year = { from: "2024-01-01T00:00:00Z", to: "2025-01-01T00:00:00Z" }
    const hours = counting({ ...year, interval: "hour" })
    expect(await refused(hours)).toEqual([`${at}/interval`])
    const { id } = await arrange(shop, [orders, await save(shop, hours)])
    expect(await faults({ dashboard: id })).toEqual(["/of/dashboard/tiles/1/interval"])
    const forecast = { interval: "day", forecast: { horizon: 1 } }
    expect(await refused(counting(forecast))).toEqual([`${at}/forecast`])
  })

  it("has the range and the filters that were fixed, whatever is asked", async () => {
    const filters = [{ property: "plan", op: "is", value: "pro" }]
    const { token } = await linkTo(shop, { insight: orders }, { filters })
    expect(await resultOf(token)).toMatchObject({ series: [{ data: [12] }] })
    const more = await api.v1.shared({ token }).get({ query: { range: "last_3d" } })
    expect(Object(more.data).tiles[0].result.series).toMatchObject([{ data: [12] }])
    const days = { from: "2025-03-02T00:00:00Z", to: "2025-03-03T00:00:00Z" }
    const later = await linkTo(shop, { insight: orders }, days)
    expect(await resultOf(later.token)).toMatchObject({ series: [{ data: [null] }] })
  })

  it("is in the audit each time that it is opened, without its token", async () => {
    const link = await linkTo(shop, { insight: orders })
    for (const _ of [1, 2]) await open(link.token)
    const { entries } = await runtime.runPromise(
      Effect.gen(function* () {
        const audit = yield* Audit
        yield* audit.flush
        return yield* audit.page({ actor: `share:${link.id}` }, undefined, 100)
      }).pipe(
        // It is written down after the answer.
        Effect.repeat({
          until: (page) => page.entries.length > 1,
          schedule: Schedule.spaced("20 millis"),
          times: 500
        })
      )
    )
    expect(entries).toHaveLength(2)
    expect(entries[0]).toMatchObject({
      action: "GET /v1/shared/:token",
      target: link.id,
      projectId: shop.id,
      kind: "shared",
      status: 200
    })
    expect(JSON.stringify(entries)).not.toContain(link.token)
  })
})

describe("what a link shows", () => {
  it("names no group of few, and no number of few", async () => {
    const query = counting({ breakdown: ["plan"] })
    const { token } = await linkTo(shop, { insight: await save(shop, query) })
    expect((await resultOf(token)).series).toEqual([
      { name: "A", breakdown: ["pro"], other: false, data: [12] }
    ])
    const free = { filters: [{ property: "plan", op: "is", value: "free" }] }
    const few = await linkTo(shop, { insight: orders }, free)
    expect(await resultOf(few.token)).toMatchObject({ series: [{ data: [null] }] })
    const lower = await linkTo(shop, { insight: orders }, { ...free, floor: 4 })
    expect(await resultOf(lower.token)).toMatchObject({ series: [{ data: [4] }] })
  })

  it("is a dashboard without the tiles that would tell of each other", async () => {
    const byPlan = await save(shop, counting({ breakdown: ["plan"] }))
    const { id, tiles } = await arrange(shop, [orders, byPlan])
    const of = { dashboard: id }
    expect(await faults(of)).toEqual(["/of/dashboard/tiles/1"])
    const wanted = tiles.map((tile) => tile.id).slice(1)
    const link = await linkTo(shop, of, { tiles: wanted })
    expect(link.tiles).toEqual(wanted)
    expect((await open(link.token)).data?.tiles).toHaveLength(1)
    const alone = await arrange(shop, [orders])
    const { token } = await linkTo(shop, { dashboard: alone.id })
    await api.v1.dashboards({ dashboardId: alone.id }).patch(
      {
        version: 1,
        tiles: [
          { insight: orders },
          { insight: byPlan },
          { markdown: "# Hi" },
          { insight: await save(shop, { kind: "sql", query: "SELECT 1" }) }
        ]
      },
      shop.own
    )
    expect((await open(token)).data?.tiles).toMatchObject([
      { type: "answer" },
      { type: "problem" },
      { type: "markdown", markdown: "# Hi" },
      { type: "problem" }
    ])
  })

  it("keeps numbers of different tiles apart", async () => {
    const mine = await makeProject()
    await runtime.runPromise(insertOrders(mine.id, ordersOf("pro", 12)))
    const people = (event: string) =>
      counting({ series: [{ event, measure: "unique_users" }] })
    const { id } = await arrange(mine, [
      await save(mine, people("Ordered")),
      await save(mine, people("Looked"))
    ])
    await runtime.runPromise(
      insertEvents(
        mine.id,
        ordersOf("pro", 14).map(({ user }) => ({ user, event: "Looked" }))
      )
    )
    const { token } = await linkTo(mine, { dashboard: id })
    expect(await resultOf(token, 0)).toMatchObject({ series: [{ data: [null] }] })
    expect(await resultOf(token, 1)).toMatchObject({ series: [{ data: [14] }] })
  })

  it.each([
    { compare: "previous_period" },
    { timezone: "UTC" },
    { weekStart: "sunday" },
    { breakdown: [] },
    // What it is compared with is the day of the other.
    {
      from: "2025-03-02T00:00:00Z",
      to: "2025-03-03T00:00:00Z",
      compare: "previous_period"
    }
  ])("keeps numbers of the same buckets apart, however asked: %j", async (fields) => {
    const mine = await makeProject()
    const did = (event: string, count: number) =>
      ordersOf("pro", count).map(({ user }) => ({ user, event }))
    await runtime.runPromise(
      insertEvents(mine.id, [...did("Ordered", 12), ...did("Looked", 14)])
    )
    const people = (event: string, more: object) =>
      counting({ series: [{ event, measure: "unique_users" }], ...more })
    const { id } = await arrange(mine, [
      await save(mine, people("Ordered", fields)),
      await save(mine, people("Looked", {}))
    ])
    const { token } = await linkTo(mine, { dashboard: id })
    const shown = JSON.stringify([await resultOf(token, 0), await resultOf(token, 1)])
    expect(shown).toContain("[14]")
    expect(shown).not.toContain("[12]")
  })
})
