import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { Effect, Layer, ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import { catalogueRoutes } from "../../src/catalogue/CatalogueRoutes.ts"
import { AuthStub } from "../AuthStub.ts"
import { catalogueTest, noon, refresh, store } from "./catalogueTest.ts"

const dials = { watermark: noon + 10, afterCount: Effect.void }
const runtime = ManagedRuntime.make(Layer.merge(catalogueTest(dials), AuthStub))
const app = new Elysia().use(catalogueRoutes(runtime))
const sealed = noon

beforeAll(
  () =>
    runtime.runPromise(
      Effect.andThen(
        store([
          {
            project: 7,
            event: "Order Completed",
            sealed,
            props: {
              total: 12.5,
              coupon: "X",
              "cart\\.size": 2,
              tags: ["a"],
              email: "a@example.com",
              note: "write to ann@example.com",
              apiKey: "k",
              "user.odd": 1,
              long: "x".repeat(100)
            },
            context: { "page.path": "/a" },
            browser: "Firefox"
          },
          { project: 7, event: "Order Completed", sealed, props: { total: "12.5" } },
          { project: 7, event: "Order Completed", sealed, props: { total: 99 } },
          { project: 7, event: "Ordnung", sealed, props: { total: true, empty: {} } },
          { project: 7, event: "Re-order", sealed },
          { project: 7, event: "ÄRGER\0", sealed },
          {
            project: 7,
            event: "$identify",
            type: "identify",
            sealed,
            props: {
              plan: "pro",
              "$set_once.first": "ad",
              "$add.visits": 1,
              "$unset.gone": true,
              "$unset.a.b": true,
              $add: {},
              $clear: true,
              $initial: "kept"
            }
          },
          {
            project: 7,
            event: "$group",
            type: "group",
            sealed,
            groupType: "a.b",
            props: { plan: "big", "$append.seats": ["a"] }
          },
          { project: 8, event: "Order of another", sealed, props: { secretly: 1 } }
        ]),
        refresh
      )
    ),
  60_000
)
afterAll(() => runtime.dispose())

const get = async (path: string, project = 7) => {
  const response = await app.handle(
    new Request(`http://localhost/v1/catalogue/${path}`, {
      headers: { authorization: `Bearer ${project}` }
    })
  )
  const body = JSON.parse(await response.text())
  return { status: response.status, body }
}
const events = async (query: string) =>
  (await get(`events?${query}`)).body.events.map(
    ({ event }: { event: string }) => event
  )
const properties = async (query: string) =>
  (await get(`properties?limit=1000&${query}`)).body.properties.map(
    ({ property }: { property: string }) => property
  )
const property = async (name: string) =>
  (await get(`properties?search=${encodeURIComponent(name)}`)).body.properties.find(
    (each: { property: string }) => each.property === name
  )

describe("traits", () => {
  it("are listed by their names, however they changed", async () => {
    const all: ReadonlyArray<string> = await properties("")
    const traits = all.filter((each) => /^(user|group)[.]/.test(each)).sort()
    expect(traits).toEqual([
      "group.a\\.b.plan",
      "group.a\\.b.seats",
      "user.$initial",
      "user.first",
      "user.plan",
      "user.visits"
    ])
  })
})

describe("event names", () => {
  it("are found by any part, beginnings and frequent ones first", async () => {
    expect(await events("search=ORD")).toEqual([
      "Order Completed",
      "Ordnung",
      "Re-order"
    ])
    expect(await events("search=ord&limit=1")).toEqual(["Order Completed"])
    expect(await events(`search=${encodeURIComponent("ärg")}`)).toEqual(["ÄRGER\uFFFD"])
    expect(await events("search=%25")).toEqual([])
  })

  it("tell how often, since when, and as of when", async () => {
    expect(await get("events?limit=1")).toMatchObject({
      status: 200,
      body: {
        events: [
          {
            event: "Order Completed",
            count: 3,
            firstSeen: new Date(noon).toISOString(),
            lastSeen: new Date(noon).toISOString()
          }
        ],
        asOf: new Date(noon + 10).toISOString(),
        lagMs: expect.any(Number)
      }
    })
  })
})

describe("properties", () => {
  it("are written as queries take them", async () => {
    const all = await properties("")
    expect(all).toContain("cart\\.size")
    expect(all).toContain("user.plan")
    expect(all).toContain("group.a\\.b.plan")
    expect(all).toContain("context.page.path")
    expect(all).toContain("$utm_term")
    expect(all).not.toContain("user.odd")
    expect(all).not.toContain("secretly")
    expect(new Set(all).size).toBe(all.length)
  })

  it("tell their types and counts", async () => {
    expect(await property("total")).toMatchObject({
      count: 4,
      types: ["number", "string", "boolean"]
    })
    expect(await property("tags")).toMatchObject({ types: ["array"], examples: [] })
    expect(await property("empty")).toMatchObject({ types: ["object"] })
    expect(await property("$browser")).toMatchObject({
      count: 1,
      types: ["string"],
      examples: ["Firefox"]
    })
    expect(await property("$country")).toMatchObject({ count: 0, types: [] })
  })

  it("are those of an event when it is named, and those of all", async () => {
    const found = await properties("event=Ordnung")
    expect(found).toContain("total")
    expect(found).not.toContain("coupon")
    expect(found).toContain("user.plan")
    expect(found).toContain("$browser")
    const { body } = await get("properties?event=Ordnung&search=total")
    expect(body.properties).toMatchObject([{ property: "total", count: 1 }])
  })

  it("have short examples that tell no secrets", async () => {
    const { body } = await get("values?property=total")
    expect(body.values.toSorted()).toEqual([12.5, "12.5", 99, true].toSorted())
    for (const name of ["email", "note", "apiKey", "long"])
      expect((await get(`values?property=${name}`)).body.values).toEqual([])
    expect((await get("values?property=nothing")).body.values).toEqual([])
  })
})

it("answers only who may ask, and only what is asked rightly", async () => {
  expect((await get("events", 0)).status).toBe(401)
  expect((await get("events?limit=0")).status).toBe(422)
  expect((await get("events?colour=red")).status).toBe(422)
  expect((await get("values")).status).toBe(422)
  expect((await get("events", 9)).body.events).toEqual([])
})
