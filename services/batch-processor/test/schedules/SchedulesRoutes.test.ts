import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeyLookup } from "@analytics/api-common/access/KeyLookup"
import { hashKey } from "@analytics/api-common/BearerKey"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { AccessConfig } from "@analytics/config/AccessConfig"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer, Logger, ManagedRuntime, Option, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { JobRepo } from "../../src/jobs/JobRepo.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { JobTypes } from "../../src/jobs/JobTypes.ts"
import { internalSchedulesRoutes } from "../../src/schedules/InternalSchedulesRoutes.ts"
import { ScheduleRepo } from "../../src/schedules/ScheduleRepo.ts"
import { Schedules } from "../../src/schedules/Schedules.ts"
import { schedulesRoutes } from "../../src/schedules/SchedulesRoutes.ts"
import { testTypes } from "../testTypes.ts"

const adminKey = "admin-key-of-this-test"

/** `7` is a key of project 7 that may do everything, `reader` one that only reads. */
const keys = new Map(
  [
    { key: "7", projectId: 7, scopes: ["jobs", "query"] },
    { key: "8", projectId: 8, scopes: ["jobs", "query"] },
    { key: "reader", projectId: 7, scopes: ["query"] },
    { key: "asker", projectId: 7, scopes: ["keys"] }
  ].map(({ key, ...rest }) => [hashKey(Redacted.make(key)), { ...rest, keyId: key }])
)
const KeysOfTest = Layer.succeed(KeyLookup, {
  byHash: (hash) =>
    Effect.succeed(
      Option.map(Option.fromUndefinedOr(keys.get(hash)), (key) => ({
        ...key,
        kind: "secret" as const,
        expiresAt: null,
        revokedAt: null,
        projectDeletedAt: null
      }))
    )
})
const Access = AccessConfig.layerOf({
  adminKey: Redacted.make(adminKey),
  serviceKey: Redacted.make("service-key-of-this-test")
})

const TestLayer = Schedules.layer.pipe(
  Layer.provide([Jobs.layer, ScheduleRepo.layer]),
  Layer.provide(JobRepo.layer),
  Layer.provide(JobTypes.layer(testTypes)),
  Layer.merge(Auth.layer.pipe(Layer.provide([KeysOfTest, Access]))),
  Layer.provideMerge(TestPostgres.client),
  Layer.provideMerge(Logger.layer([]))
)
const runtime = ManagedRuntime.make(TestLayer)
const app = new Elysia()
  .use(jsonBody())
  .use(schedulesRoutes(runtime))
  .use(internalSchedulesRoutes(runtime))

beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(() => runtime.dispose())

const ask = async (
  method: string,
  path: string,
  body?: unknown,
  key = "7",
  prefix = "/v1/schedules"
) => {
  const response = await app.handle(
    new Request(`http://localhost${prefix}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  )
  const text = await response.text()
  return { status: response.status, body: text === "" ? null : JSON.parse(text) }
}

const nightly = {
  name: "Every night",
  type: "noop",
  payload: { note: "good night" },
  cron: "30 2 * * *",
  timezone: "Europe/Berlin"
}

const make = async (over: object = {}, key = "7") => {
  const { body, status } = await ask("POST", "", { ...nightly, ...over }, key)
  expect(status).toBe(201)
  return body
}

const endJobs = (id: string) =>
  runtime.runPromise(
    Effect.flatMap(
      SqlClient.SqlClient,
      (sql) =>
        sql`UPDATE jobs.jobs SET state = 'succeeded' WHERE schedule_id = ${id}::uuid`
    )
  )

describe("a schedule", () => {
  it("shows its next five runs, in UTC and by its own clock", async () => {
    const made = await make()
    expect(made).toMatchObject({
      ...nightly,
      projectId: 7,
      missed: "once",
      pausedAt: null,
      lastJob: null,
      skippedRuns: 0,
      createdBy: "7"
    })
    expect(made.nextRuns).toHaveLength(5)
    for (const { at, local } of made.nextRuns) {
      expect(new Date(local).toISOString()).toBe(at)
      expect(local).toMatch(/T(02:30:00\+0[12]:00|03:00:00\+02:00)$/u)
      expect(Date.parse(at)).toBeGreaterThan(Date.now())
    }
    expect((await ask("GET", `/${made.id}`)).body).toEqual(made)
  })
  it("is changed in place, and goes on by its new timetable", async () => {
    const { id } = await make()
    const changed = await ask("PATCH", `/${id}`, {
      name: "At noon",
      cron: "0 12 * * *",
      timezone: "Asia/Tokyo",
      missed: "skip"
    })
    expect(changed).toMatchObject({
      status: 200,
      body: { name: "At noon", missed: "skip", payload: nightly.payload }
    })
    expect(changed.body.nextRuns[0].at).toMatch(/T03:00:00\.000Z$/u)
    const [row] = await runtime.runPromise(
      Effect.flatMap(
        SqlClient.SqlClient,
        (sql) =>
          sql<{ nextAt: Date }>`
            SELECT next_at FROM jobs.schedules WHERE id = ${id}::uuid`
      )
    )
    expect(row?.nextAt.toISOString()).toBe(changed.body.nextRuns[0].at)
  })
  it("pauses and goes on without making up for the pause", async () => {
    const { id, nextRuns } = await make()
    const paused = await ask("POST", `/${id}/pause`)
    expect(paused).toMatchObject({ status: 200, body: { nextRuns: [] } })
    expect(paused.body.pausedAt).not.toBeNull()
    expect((await ask("POST", `/${id}/pause`)).body).toEqual(paused.body)
    const resumed = await ask("POST", `/${id}/resume`)
    expect(resumed).toMatchObject({ status: 200, body: { pausedAt: null, nextRuns } })
  })
  it("runs now, one job at a time, also while it is paused", async () => {
    const { id } = await make()
    await ask("POST", `/${id}/pause`)
    const ran = await ask("POST", `/${id}/run`)
    expect(ran).toMatchObject({
      status: 202,
      body: { lastJob: { state: "queued", scheduledFor: null } }
    })
    expect(await ask("POST", `/${id}/run`)).toMatchObject({
      status: 409,
      body: { type: "urn:analytics:problem:schedule-conflict" }
    })
    await endJobs(id)
    const again = await ask("POST", `/${id}/run`)
    expect(again.status).toBe(202)
    expect(again.body.lastJob.id).not.toBe(ran.body.lastJob.id)
  })
  it("runs once when it is asked to run now twice at once", async () => {
    const { id } = await make()
    const runs = await Promise.all([1, 2, 3, 4].map(() => ask("POST", `/${id}/run`)))
    expect(runs.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409])
  })
  it("goes, and leaves its jobs", async () => {
    const { id } = await make()
    await ask("POST", `/${id}/run`)
    expect((await ask("DELETE", `/${id}`)).status).toBe(204)
    expect((await ask("DELETE", `/${id}`)).status).toBe(404)
    expect((await ask("GET", `/${id}`)).status).toBe(404)
    const [row] = await runtime.runPromise(
      Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`SELECT id FROM jobs.jobs WHERE schedule_id = ${id}::uuid`
      )
    )
    expect(row).toBeDefined()
  })
})

describe("what is no schedule", () => {
  const wrong = [
    [{ cron: "30 2 * *" }, "/cron"],
    [{ cron: "0 0 31 2 *" }, "/cron"],
    [{ timezone: "Mars/Olympus" }, "/timezone"],
    [{ type: "nothing" }, "/type"],
    [{ payload: { note: 7 } }, "/payload/note"],
    [{ payload: { other: 7 } }, "/payload/other"],
    [{ payload: { note: "a\0b" } }, "/payload/note"],
    [{ payload: { note: "\ud800" } }, "/payload/note"],
    [{ name: "a\0b" }, "/name"],
    [{ cron: "30 2 * * \0" }, "/cron"],
    [{ projectId: 8 }, "/projectId"],
    [{ missed: "never" }, "/missed"],
    [{ name: "" }, "/name"],
    [{ when: "now" }, "/when"]
  ] as const
  for (const [over, pointer] of wrong)
    it(`${JSON.stringify(over)} is refused at ${pointer}`, async () => {
      expect(await ask("POST", "", { ...nightly, ...over })).toMatchObject({
        status: 422,
        body: { errors: [{ pointer }] }
      })
    })
  it("is refused of a change too, and changes nothing", async () => {
    const made = await make()
    const path = `/${made.id}`
    for (const [over, pointer] of wrong.slice(0, 3))
      expect(await ask("PATCH", path, over)).toMatchObject({
        status: 422,
        body: { errors: [{ pointer }] }
      })
    expect(await ask("PATCH", path, { payload: { note: 7 } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: "/payload/note" }] }
    })
    expect((await ask("PATCH", path, { type: "noop" })).status).toBe(422)
    expect((await ask("GET", path)).body).toEqual(made)
  })
  it("is the hundred-and-first of a project", async () => {
    const statuses: Array<number> = []
    for (let count = 0; count < 101; count++)
      statuses.push((await ask("POST", "", nightly, "8")).status)
    expect(statuses.at(-2)).toBe(201)
    expect(statuses.at(-1)).toBe(409)
  })
})

describe("keys", () => {
  it("of another project see nothing of a schedule", async () => {
    const { id } = await make()
    for (const [method, path] of [
      ["GET", ""],
      ["PATCH", ""],
      ["POST", "/pause"],
      ["POST", "/resume"],
      ["POST", "/run"],
      ["DELETE", ""]
    ] as const) {
      const body = method === "PATCH" ? { name: "mine" } : undefined
      expect((await ask(method, `/${id}${path}`, body, "8")).status).toBe(404)
    }
    const { body } = await ask("GET", "?limit=1000", undefined, "8")
    const seen = body.schedules.map(({ projectId }: { projectId: number }) => projectId)
    expect(seen.every((projectId: number) => projectId === 8)).toBe(true)
  })
  it("without the scope only read, and others not even that", async () => {
    const { id } = await make()
    expect((await ask("GET", `/${id}`, undefined, "reader")).status).toBe(200)
    expect((await ask("POST", `/${id}/run`, undefined, "reader")).status).toBe(403)
    expect((await ask("POST", "", nightly, "reader")).status).toBe(403)
    expect((await ask("GET", `/${id}`, undefined, "asker")).status).toBe(403)
    expect((await ask("GET", `/${id}`, undefined, "nobody")).status).toBe(401)
  })
  it("of the administrator see all, and make schedules of the installation", async () => {
    const own = await make()
    const made = await make({}, adminKey)
    expect(made).toMatchObject({ projectId: null, createdBy: "admin" })
    expect(await make({ projectId: 9 }, adminKey)).toMatchObject({ projectId: 9 })
    expect((await ask("GET", `/${own.id}`, undefined, adminKey)).status).toBe(200)
    expect((await ask("GET", `/${made.id}`)).status).toBe(404)
  })
})

describe("the list", () => {
  it("comes in pages, in the order of making", async () => {
    const made = [await make(), await make(), await make()]
    const seen: Array<string> = []
    let cursor: string | null = ""
    while (cursor !== null) {
      const at: string = cursor === "" ? "" : `&cursor=${cursor}`
      const { body } = await ask("GET", `?limit=4${at}`)
      seen.push(...body.schedules.map(({ id }: { id: string }) => id))
      cursor = body.nextCursor
    }
    expect(seen.slice(-3)).toEqual(made.map(({ id }) => id))
    expect(new Set(seen).size).toBe(seen.length)
    expect((await ask("GET", "?limit=0")).status).toBe(422)
  })
})

describe("a schedule of another service", () => {
  const id = Bun.randomUUIDv7()
  const internal = "/internal/v1/schedules"
  const service = "service-key-of-this-test"
  const put = (body: object, key = service, projectId = 7) =>
    ask("PUT", `/${id}?projectId=${projectId}`, body, key, internal)

  it("is made and changed under its own id, as often as it likes", async () => {
    const made = await put(nightly)
    expect([made.status, made.body.id, made.body.projectId]).toEqual([200, id, 7])
    await ask("POST", `/${id}/pause`)
    expect((await put(nightly)).body).toMatchObject({
      createdAt: made.body.createdAt,
      pausedAt: expect.any(String)
    })
    await ask("POST", `/${id}/resume`)
    const moved = await put({ ...nightly, cron: "15 4 * * *" })
    expect(moved.body.nextRuns[0].local).toContain("04:15")
    expect((await ask("GET", `/${id}`)).body.cron).toBe("15 4 * * *")
  })

  it("is nobody else's, and goes once or twice", async () => {
    expect((await put(nightly, "7")).status).toBe(403)
    expect((await put(nightly, service, 8)).status).toBe(409)
    const remove = () =>
      ask("DELETE", `/${id}?projectId=7`, undefined, service, internal)
    expect((await remove()).status).toBe(204)
    expect((await remove()).status).toBe(204)
    expect((await ask("GET", `/${id}`)).status).toBe(404)
  })
})
