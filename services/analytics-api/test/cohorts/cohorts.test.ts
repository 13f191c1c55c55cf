import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { cohortExample } from "@analytics/analytics-core/query/cohort/Cohort"
import { parseQuery } from "@analytics/analytics-core/query/Query"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { openApi } from "@analytics/api-common/OpenApi"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { IdHash } from "@analytics/data-processing/IdHash"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Installation } from "@analytics/database/Installation"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { testInstallation } from "@analytics/testing/testInstallation"
import { Duration, Effect, Layer, Logger, ManagedRuntime } from "effect"
import { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { about } from "../../src/App.ts"
import { CohortRepo } from "../../src/cohorts/CohortRepo.ts"
import { Cohorts } from "../../src/cohorts/Cohorts.ts"
import { cohortsRoutes } from "../../src/cohorts/CohortsRoutes.ts"
import { MemberRepo } from "../../src/cohorts/MemberRepo.ts"
import { WatermarkHolds } from "../../src/cohorts/WatermarkHolds.ts"
import { QueryRepo } from "../../src/query/QueryRepo.ts"
import { AuthStub } from "../AuthStub.ts"

const Config = QueryConfig.layerOf({
  dataIngestionUrl: "http://localhost",
  timeout: Duration.seconds(30),
  memoryLimit: 1_000_000_000,
  threads: 1,
  concurrency: 4
})
const Stores = Installation.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(TestPostgres.client, TestClickHouse.client))
)
/** What the next change is held at, the clock unless said; and what was held. */
let knownAt: Date | undefined
const held: Array<"begun" | "ended"> = []
const Holds = Layer.succeed(WatermarkHolds, {
  during: (write) =>
    Effect.suspend(() => {
      held.push("begun")
      return write(knownAt ?? new Date())
    }).pipe(Effect.ensuring(Effect.sync(() => held.push("ended"))))
})
const TestLayer = Layer.mergeAll(Cohorts.layer, AuthStub).pipe(
  Layer.provide(MemberRepo.layer),
  Layer.provide(Holds),
  Layer.provideMerge(Layer.mergeAll(CohortRepo.layer, QueryRepo.layer)),
  Layer.provide(Config),
  Layer.provideMerge(Stores),
  Layer.provideMerge(Logger.layer([]))
)
const runtime = ManagedRuntime.make(TestLayer)
const app = new Elysia().use(openApi(about)).use(jsonBody()).use(cohortsRoutes(runtime))

const idHash = new IdHash(testInstallation.idHashKey)
const at = Date.UTC(2025, 2, 1)

beforeAll(
  () =>
    runtime.runPromise(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`INSERT INTO control.projects (id, name) VALUES (7, 'a'), (8, 'b')`
        const clickhouse = yield* ClickHouse
        const rows = ["ann", "ann", "bob", "cid"].map((user, index) => ({
          project_id: 7,
          event: "bought",
          type: "track",
          timestamp: at,
          received_at: at,
          known_at: at,
          message_id: `m${index}`,
          user_id: user,
          id_hash: String(idHash.id(7, user))
        }))
        yield* clickhouse.insert({
          table: "events",
          format: "JSONEachRow",
          body: rows.map((row) => JSON.stringify(row)).join("\n")
        })
        const link = {
          project_id: 7,
          id_hash: String(idHash.id(7, "anon-of-cid")),
          person: String(idHash.id(7, "cid")),
          known_at: at,
          version: 1
        }
        yield* clickhouse.insert({
          table: "person_links",
          format: "JSONEachRow",
          body: JSON.stringify(link)
        })
      })
    ),
  60_000
)
afterAll(() => runtime.dispose())

const ask = async (method: string, path: string, body?: unknown, project = 7) => {
  const response = await app.handle(
    new Request(`http://localhost/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${project}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  )
  const text = await response.text()
  return { status: response.status, body: text === "" ? null : JSON.parse(text) }
}

/** People, and events, of a cohort; or why it cannot be asked about. */
const people = (cohort: string, project = 7, asOf = Date.now() + 1) =>
  runtime.runPromise(
    Effect.gen(function* () {
      const query = yield* parseQuery({
        kind: "trends",
        from: "2025-03-01T00:00:00Z",
        to: "2025-03-02T00:00:00Z",
        interval: "none",
        cohort,
        series: [{ measure: "unique_users" }, { event: "bought", measure: "total" }]
      })
      const ids = query.cohorts.map(({ id }) => id)
      const compiled = yield* query.compile({
        projectId: project,
        timezone: "UTC",
        now: asOf,
        watermark: asOf,
        hasLinks: true,
        cohorts: yield* (yield* CohortRepo).definitions(project, ids)
      })
      const answers = yield* Effect.forEach(compiled.statements, (yield* QueryRepo).run)
      const rows = answers.flatMap((answer) => answer.rows.map((row) => row["m0"]))
      return compiled.statements.map((_, index) => Number(rows[index] ?? 0))
    }).pipe(Effect.catchTag("QueryInvalid", Effect.succeed))
  )

const twice = {
  name: "twice",
  definition: {
    type: "dynamic",
    rule: { did: { event: "bought", atLeast: 2 } }
  }
}
const list = { name: "list", definition: { type: "static" } }

describe("a dynamic cohort", () => {
  it("narrows queries, and its change shows in the next", async () => {
    const made = await ask("POST", "cohorts", twice)
    expect(made).toMatchObject({ status: 201, body: twice })
    expect(await people(made.body.id)).toEqual([1, 2])
    const rule = { not: twice.definition.rule }
    const changed = await ask("PATCH", `cohorts/${made.body.id}`, {
      definition: { type: "dynamic", rule }
    })
    expect(changed).toMatchObject({ status: 200, body: { name: "twice" } })
    expect(await people(made.body.id)).toEqual([2, 2])
    expect((await ask("DELETE", `cohorts/${made.body.id}`)).status).toBe(204)
    expect(await people(made.body.id)).toMatchObject({
      status: 422,
      errors: [{ pointer: "/cohort" }]
    })
  })

  it("that is wrong is refused where it is", async () => {
    const wrong = (rule: unknown) =>
      ask("POST", "cohorts", { name: "n", definition: { type: "dynamic", rule } })
    const filters = [{ property: "p", op: "matches", value: "(" }]
    expect(await wrong({ did: { event: "a", filters } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: "/definition/rule/did/filters/0/value" }] }
    })
    expect(await wrong({ did: { event: "a", atLeast: 0 } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: "/definition/rule/did/atLeast" }] }
    })
    expect((await ask("POST", "cohorts")).status).toBe(422)
    expect((await ask("POST", "cohorts", { ...twice, size: 1 })).status).toBe(422)
  })

  it("may name what Postgres' own JSON refuses", async () => {
    const event = "nul \0 and half a pair \ud800"
    const definition = { type: "dynamic", rule: { did: { event } } }
    const made = await ask("POST", "cohorts", { name: "odd", definition })
    expect(made.status).toBe(201)
    expect(await people(made.body.id)).toEqual([0, 0])
  })
})

describe("a static cohort", () => {
  it("has the people of its ids, any of them, from the change on", async () => {
    const { body } = await ask("POST", "cohorts", list)
    const members = `cohorts/${body.id}/members`
    expect(await people(body.id)).toEqual([0, 0])
    const added = await ask("POST", members, { ids: ["ann", "anon-of-cid", "ann"] })
    expect(added).toMatchObject({ status: 200, body: { ids: 2 } })
    const asOf = Date.parse(added.body.changedAt)
    const now = (moment?: number) => people(body.id, 7, moment)
    expect(await now()).toEqual([2, 3])
    const removed = await ask("POST", `${members}/remove`, { ids: ["ann"] })
    expect(removed.status).toBe(200)
    expect(await now()).toEqual([1, 1])
    await ask("POST", members, { ids: ["ann"] })
    expect(await now()).toEqual([2, 3])
    expect(await now(asOf)).toEqual([2, 3])
    expect(await now(Date.parse("2025-03-05T00:00:00Z"))).toEqual([0, 0])
  })

  it("changes at the instant that the watermark is held below", async () => {
    const { body } = await ask("POST", "cohorts", list)
    const members = `cohorts/${body.id}/members`
    // As after a clock that was ahead.
    knownAt = new Date(Date.now() + 3_600_000)
    const told = knownAt.getTime()
    held.length = 0
    const added = await ask("POST", members, { ids: ["ann"] })
    const removed = await ask("POST", `${members}/remove`, { ids: ["ann"] })
    knownAt = undefined
    expect(held).toEqual(["begun", "ended", "begun", "ended"])
    expect(Date.parse(added.body.changedAt)).toBe(told)
    expect(Date.parse(removed.body.changedAt)).toBeGreaterThan(told)
    expect(await people(body.id, 7, told - 1)).toEqual([0, 0])
    expect(await people(body.id, 7, told)).toEqual([1, 2])
    expect(await people(body.id, 7, told + 1)).toEqual([0, 0])
  })

  it("stays one, and only it has members", async () => {
    const { body } = await ask("POST", "cohorts", list)
    const patch = { definition: twice.definition }
    expect(await ask("PATCH", `cohorts/${body.id}`, patch)).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: "/definition/type" }] }
    })
    const rule = await ask("POST", "cohorts", twice)
    const ids = { ids: ["ann"] }
    const refused = await ask("POST", `cohorts/${rule.body.id}/members`, ids)
    expect(refused.status).toBe(409)
    const many = { ids: Array.from({ length: 10_001 }, (_, n) => `u${n}`) }
    expect((await ask("POST", `cohorts/${body.id}/members`, many)).status).toBe(422)
  })
})

describe("a cohort of another project", () => {
  it("does not exist", async () => {
    const { body } = await ask("POST", "cohorts", list)
    const path = `cohorts/${body.id}`
    const asOther = async (method: string, on: string, sent?: unknown) =>
      (await ask(method, on, sent, 8)).status
    expect(await asOther("GET", path)).toBe(404)
    expect(await asOther("PATCH", path, { name: "mine" })).toBe(404)
    expect(await asOther("DELETE", path)).toBe(404)
    expect(await asOther("POST", `${path}/members`, { ids: ["x"] })).toBe(404)
    expect(await asOther("POST", `${path}/members/remove`, { ids: ["x"] })).toBe(404)
    expect(await people(body.id, 8)).toMatchObject({ status: 422 })
    expect((await ask("GET", "cohorts", undefined, 8)).body.cohorts).toEqual([])
    expect((await ask("GET", path)).status).toBe(200)
    expect((await ask("GET", path, undefined, 0)).status).toBe(401)
  })
})

describe("the list", () => {
  it("comes in pages, in the order of making", async () => {
    const made = [
      await ask("POST", "cohorts", list),
      await ask("POST", "cohorts", twice)
    ]
    const seen: Array<string> = []
    let cursor: string | null = ""
    while (cursor !== null) {
      const at: string = cursor === "" ? "" : `&cursor=${cursor}`
      const { body } = await ask("GET", `cohorts?limit=1${at}`)
      seen.push(...body.cohorts.map(({ id }: { id: string }) => id))
      cursor = body.nextCursor
    }
    expect(seen.slice(-2)).toEqual(made.map(({ body }) => body.id))
    expect(new Set(seen).size).toBe(seen.length)
    expect((await ask("GET", "cohorts?limit=0")).status).toBe(422)
  })
})

describe("the documentation", () => {
  it("shows a body that is valid, without references", async () => {
    const response = await app.handle(new Request("http://localhost/openapi.json"))
    const { paths } = JSON.parse(await response.text())
    const { post } = paths["/v1/cohorts"]
    const { example } = post.requestBody.content["application/json"]
    expect(example).toEqual(cohortExample)
    expect((await ask("POST", "cohorts", example)).status).toBe(201)
    expect(JSON.stringify(paths)).not.toContain('"$ref"')
  })
})
