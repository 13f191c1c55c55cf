import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { QueryLoadConfig } from "@analytics/config/QueryLoadConfig"
import { IdHash } from "@analytics/data-processing/IdHash"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Installation } from "@analytics/database/Installation"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { testInstallation } from "@analytics/testing/testInstallation"
import { Duration, Effect, Layer, Logger, ManagedRuntime, Redacted } from "effect"
import { Elysia } from "elysia"
import { CohortRepo } from "../../src/cohorts/CohortRepo.ts"
import { History } from "../../src/query/History.ts"
import { Queries } from "../../src/query/Queries.ts"
import { QueryCost } from "../../src/query/QueryCost.ts"
import { QueryRepo } from "../../src/query/QueryRepo.ts"
import { queryRoutes } from "../../src/query/QueryRoutes.ts"
import { QueryRuns } from "../../src/query/QueryRuns.ts"
import { Watermark } from "../../src/query/Watermark.ts"
import { AuthStub } from "../AuthStub.ts"
import { noRefreshes } from "../cohorts/noRefreshes.ts"

const START = Date.UTC(2025, 2, 1)
const known = { watermark: START + 100, ingestLagMs: 0, isStale: false }
const quick = "0192f0c1-0000-7000-8000-000000000001"
const unused = () => Effect.die("not asked here")

const stubs = Layer.mergeAll(
  AuthStub,
  noRefreshes,
  Layer.succeed(CohortRepo, {
    insert: unused,
    byId: unused,
    page: unused,
    update: unused,
    remove: unused,
    nextChange: unused,
    definitions: () =>
      Effect.succeed(
        new Map([
          [
            quick,
            {
              type: "dynamic",
              rule: { trait: { property: "user.visits", op: "gte", value: 3 } }
            }
          ]
        ])
      )
  }),
  Layer.succeed(History, { changedSince: () => Effect.succeed(false) }),
  Layer.succeed(Watermark, {
    current: Effect.succeed(known),
    atLeast: () => Effect.succeed(known)
  }),
  Layer.succeed(Installation, {
    id: testInstallation.id,
    idHashKey: Redacted.make(testInstallation.idHashKey)
  }),
  QueryConfig.layerOf({
    dataIngestionUrl: "http://localhost",
    timeout: Duration.seconds(60),
    memoryLimit: 2_000_000_000,
    threads: 1,
    concurrency: 2
  }),
  QueryLoadConfig.layer,
  Layer.succeed(QueryRuns, { start: unused, state: unused, cancel: unused })
)

const runtime = ManagedRuntime.make(
  Queries.layer.pipe(
    Layer.provide([QueryRepo.layer, QueryCost.layer]),
    Layer.provideMerge(stubs),
    Layer.provideMerge(TestClickHouse.client),
    Layer.provideMerge(Logger.layer([]))
  )
)
afterAll(() => runtime.dispose())
const app = new Elysia().use(jsonBody()).use(queryRoutes(runtime))

const idHash = new IdHash(testInstallation.idHashKey)
const hash = (id: string) => String(idHash.id(7, id))

const insert = (table: "events" | "person_links" | "removals", rows: Array<object>) =>
  runtime.runPromise(
    ClickHouse.use((clickhouse) =>
      clickhouse.insert({
        table,
        format: "JSONEachRow",
        body: rows.map((row) => JSON.stringify({ project_id: 7, ...row })).join("\n"),
        settings: { insert_deduplicate: 0 }
      })
    )
  )

const event = (at: number, id: string, more: object) => ({
  ...{ event: "$identify", type: "identify", message_id: `m${at}` },
  ...{ timestamp: START + at, received_at: START + at, known_at: START + at },
  ...{ id_hash: hash(id), user_id: id },
  ...more
})
const visit = { event: "v", type: "track" }
const group = { ...{ event: "$group", type: "group" }, group_type: "default" }

/** A device and its user, until that link is taken back, and somebody else. */
beforeAll(async () => {
  await insert("events", [
    event(1, "device", {
      props: {
        "$set_once.first": '"ad"',
        "$add.visits": "1",
        "$append.tags": '["x"]'
      }
    }),
    event(2, "user", {
      props: {
        "$set_once.first": '"mail"',
        "$add.visits": "2",
        "$union.tags": '["x","y"]',
        ...{ plan: '"pro"', "address.city": '"Rome"' }
      }
    }),
    event(3, "user", {
      known_at: START + 50,
      props: {
        "$unset.address": "true",
        "$remove.tags": '["x"]',
        "$add.visits": "9007199254740993"
      }
    }),
    event(4, "other", { props: { plan: '"free"', "$add.visits": "1" } }),
    event(5, "other", { props: { $clear: "true", name: '"Ann"' } }),
    event(6, "user", { ...group, group_id: "g", props: { "$add.seats": "2" } }),
    event(7, "user", { ...group, group_id: "g", props: { "$add.seats": "3.5" } }),
    event(8, "user", visit),
    event(9, "other", visit)
  ])
  const link = { id_hash: hash("device"), version: 1 }
  await insert("person_links", [
    { ...link, person: hash("user"), known_at: START },
    { ...link, person: hash("device"), known_at: START + 60 }
  ])
}, 60_000)

const LINKED = new Date(START + 55).toISOString()
const EARLY = new Date(START + 20).toISOString()

const ask = async (body: object) => {
  const response = await app.handle(
    new Request("http://localhost/v1/query", {
      method: "POST",
      headers: { authorization: "Bearer 7" },
      body: JSON.stringify(body)
    })
  )
  const answer = JSON.parse(await response.text())
  expect({ status: response.status, answer }).toMatchObject({ status: 200 })
  return answer.result
}

const personOf = async (id: string, asOf?: string) =>
  (await ask({ kind: "people", id, ...(asOf ? { asOf } : {}) })).people[0]

const visits = async (more: object) => {
  const { series } = await ask({
    kind: "trends",
    ...{ from: "2025-03-01T00:00:00Z", to: "2025-03-02T00:00:00Z", interval: "none" },
    series: [{ event: "v", measure: "total" }],
    ...more
  })
  return Object.fromEntries(
    series.map((each: { breakdown?: Array<unknown>; data: Array<unknown> }) => [
      JSON.stringify(each.breakdown ?? null),
      each.data[0]
    ])
  )
}

describe("changes of traits", () => {
  it("are shown as what they made of a person, with what did so last", async () => {
    const person = await personOf("user", LINKED)
    expect(person.traits).toEqual({
      first: "ad",
      visits: "9007199254740996",
      tags: ["y"],
      plan: "pro"
    })
    expect(
      person.traitSources.map((each: { path: string; messageId: string }) => [
        each.path,
        each.messageId
      ])
    ).toEqual([
      ["first", "m1"],
      ["plan", "m2"],
      ["tags", "m3"],
      ["visits", "m3"]
    ])
    expect((await personOf("other")).traits).toEqual({ name: "Ann" })
  })

  it("hold as of an earlier moment, and after a link was taken back", async () => {
    expect((await personOf("user", EARLY)).traits).toEqual({
      first: "ad",
      visits: 3,
      tags: ["x", "y"],
      plan: "pro",
      address: { city: "Rome" }
    })
    expect((await personOf("user")).traits).toEqual({
      first: "mail",
      visits: "9007199254740995",
      tags: ["y"],
      plan: "pro"
    })
    expect((await personOf("device")).traits).toEqual({
      first: "ad",
      visits: 1,
      tags: ["x"]
    })
  })

  it("count in breakdowns, filters, cohorts and of groups", async () => {
    const asOf = EARLY
    expect(await visits({ asOf, breakdown: ["user.visits"] })).toEqual({
      "[3]": 1,
      "[null]": 1
    })
    const having = (property: string, op: string, value?: unknown) =>
      visits({ asOf, filters: [{ property, op, ...(value ? { value } : {}) }] })
    expect(await having("user.tags", "is", "y")).toEqual({ null: 1 })
    expect(await having("user.tags", "is", "z")).toEqual({ null: 0 })
    expect(await having("user.visits", "gt", 2)).toEqual({ null: 1 })
    expect(await having("user.$add.visits", "is_set")).toEqual({ null: 0 })
    expect(await having("user.$clear", "is_not_set")).toEqual({ null: 2 })
    expect(await visits({ asOf, cohort: quick })).toEqual({ null: 1 })
    expect(await visits({ asOf, breakdown: ["group.default.seats"] })).toEqual({
      "[5.5]": 1,
      "[null]": 1
    })
  })

  it("count in SQL, where the events show what was sent", async () => {
    const people = await ask({
      kind: "sql",
      asOf: EARLY,
      query:
        "SELECT traits['visits'], traits['tags'], has(mapKeys(traits), '$add.visits') FROM people WHERE has(ids, 'user')"
    })
    expect(people.rows).toEqual([["3", '["x","y"]', 0]])
    const { events } = await ask({ kind: "events", event: "$identify", asOf: EARLY })
    expect(JSON.stringify(events)).toContain("$add")
  })

  it("are gone with whoever is being erased", async () => {
    await insert("removals", [
      {
        removal: "00000000-0000-4000-8000-00000000000f",
        ...{ is_range: 0, id_hash: hash("device") },
        ...{ received_until: START + 100, known_until: START + 100 }
      }
    ])
    expect((await personOf("user", LINKED)).traits).toMatchObject({
      first: "mail",
      visits: "9007199254740995"
    })
  })
})
