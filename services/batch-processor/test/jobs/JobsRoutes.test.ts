import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { Effect, ManagedRuntime, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { adminKey } from "../RunnerProcess.ts"
import { asking, JobsTest } from "./JobsTest.ts"

const runtime = ManagedRuntime.make(JobsTest)
const ask = asking(runtime)
beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(() => runtime.dispose())

const probe = (steps: unknown = 1) => ({ type: "probe", payload: { steps } })
const submit = async (bearer = "sk_7", body: unknown = probe()) => {
  const { body: job } = await ask(bearer, "POST", "/v1/jobs", body)
  return job.id as string
}
const setState = (id: string, state: string) =>
  runtime.runPromise(
    SqlClient.SqlClient.use(
      (sql) => sql`UPDATE jobs.jobs SET state = ${state} WHERE id = ${id}::uuid`
    )
  )

describe("POST /v1/jobs", () => {
  it("keeps the job of the key's project, and says where to look at it", async () => {
    const { body, headers, status } = await ask("sk_7", "POST", "/v1/jobs", probe())
    expect([status, headers.get("location")]).toEqual([202, `/v1/jobs/${body.id}`])
    expect(body).toMatchObject({
      projectId: 7,
      state: "queued",
      createdBy: "key-of-7",
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/u)
    })
  })

  it.each([
    ["/type", { type: "nothing", payload: {} }],
    ["/payload/steps", probe("many")],
    ["/payload/more", { type: "probe", payload: { steps: 1, more: 1 } }],
    ["/payload/source/path", { type: "refusing", payload: {} }],
    ["/projectId", { ...probe(), projectId: 8 }],
    ["/type", { type: "DROP TABLE", payload: {} }],
    ["/payload", { type: "probe" }]
  ])("names %s when that is what is wrong", async (pointer, body) => {
    const answer = await ask("sk_7", "POST", "/v1/jobs", body)
    expect(answer.status).toBe(422)
    expect(answer.body.errors.map((it: { pointer: string }) => it.pointer)).toEqual([
      pointer
    ])
  })

  it("answers the same job to the same key, and refuses it for another", async () => {
    const once = (body: unknown, key: string, bearer = "sk_7") =>
      ask(bearer, "POST", "/v1/jobs", body, { "idempotency-key": key })
    const both = await Promise.all([once(probe(), "same"), once(probe(), "same")])
    expect(both.map(({ status }) => status)).toEqual([202, 202])
    expect(new Set(both.map(({ body }) => body.id)).size).toBe(1)
    const other = await once(probe(2), "same")
    expect([other.status, other.body.type]).toEqual([
      422,
      "urn:analytics:problem:idempotency-key-reused"
    ])
    const stranger = await once(probe(2), "same", "sk_8")
    expect(stranger.body.projectId).toBe(8)
    expect((await once(probe(), "ä")).status).toBe(400)
  })

  it("lets no more wait than the type says, however many come at once", async () => {
    const { asked } = await runtime.runPromise(
      SqlClient.SqlClient.use((sql) =>
        Effect.gen(function* () {
          // Nobody gets in before all of them are there.
          yield* sql`LOCK TABLE jobs.jobs IN EXCLUSIVE MODE`
          const asked = Array.from({ length: 6 }, () =>
            ask("sk_8", "POST", "/v1/jobs", { type: "narrow", payload: { steps: 1 } })
          )
          yield* sql`
            SELECT 1 FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
             WHERE NOT l.granted AND d.datname = current_database()`.pipe(
            Effect.filterOrFail((waiting) => waiting.length === asked.length),
            Effect.retry(Schedule.spaced("10 millis")),
            Effect.timeout("4 seconds")
          )
          return { asked }
        }).pipe(sql.withTransaction)
      )
    )
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    expect(statuses.sort()).toEqual([202, 202, 429, 429, 429, 429])
  })

  it("takes jobs of the installation from the administrator alone", async () => {
    const body = { type: "global", payload: { steps: 1 } }
    expect((await ask("sk_7", "POST", "/v1/jobs", body)).status).toBe(403)
    expect((await ask(adminKey, "POST", "/v1/jobs", body)).status).toBe(202)
    const named = await ask(adminKey, "POST", "/v1/jobs", { ...body, projectId: 7 })
    expect(named.body.errors[0].pointer).toBe("/projectId")
  })
})

describe("who may ask", () => {
  it.each([
    [undefined, 401, 401],
    ["sk_unknown", 401, 401],
    ["wk_7", 403, 403],
    ["sk_neither", 403, 403],
    ["sk_reads", 200, 403],
    ["sk_unanswered", 503, 503],
    ["sk_7", 200, 202],
    [adminKey, 200, 202]
  ])("%s", async (bearer, reads, writes) => {
    const read = await ask(bearer, "GET", "/v1/jobs")
    const written = await ask(bearer, "POST", "/v1/jobs", probe())
    expect([read.status, written.status]).toEqual([reads, writes])
  })

  it("shows nobody another project's job", async () => {
    const id = await submit("sk_7")
    const routes = [
      ["GET", ""],
      ["GET", "/log"],
      ["GET", "/events"],
      ["POST", "/cancel"],
      ["POST", "/retry"]
    ] as const
    for (const [method, path] of routes)
      expect((await ask("sk_8", method, `/v1/jobs/${id}${path}`)).status).toBe(404)
    const list = await ask("sk_8", "GET", "/v1/jobs?limit=1000")
    expect(JSON.stringify(list.body)).not.toContain(id)
    const named = await ask("sk_8", "GET", "/v1/jobs?projectId=7")
    expect(named.body.jobs).toEqual([])
    expect((await ask("sk_7", "GET", `/v1/jobs/${id}`)).status).toBe(200)
  })
})

describe("GET /v1/jobs", () => {
  it("gives pages, newest first, of what is asked for", async () => {
    const ids = [await submit(), await submit(), await submit()].reverse()
    const page = (query: string) => ask("sk_7", "GET", `/v1/jobs?type=probe&${query}`)
    const first = await page("limit=2")
    expect(first.body.jobs.map((it: { id: string }) => it.id)).toEqual(ids.slice(0, 2))
    const second = await page(`limit=1&cursor=${first.body.nextCursor}`)
    expect(second.body.jobs[0].id).toBe(ids[2])
    await setState(ids[1] ?? "", "failed")
    const failed = await page("state=failed")
    expect(failed.body).toMatchObject({ jobs: [{ id: ids[1] }], nextCursor: null })
    expect((await page("state=lost")).status).toBe(422)
  })
})

describe("cancel and retry", () => {
  it("cancel at once what waits, and by its runner what runs", async () => {
    const waiting = await submit()
    const answer = await ask("sk_7", "POST", `/v1/jobs/${waiting}/cancel`)
    expect(answer.body).toMatchObject({ state: "cancelled" })
    const running = await submit()
    await setState(running, "running")
    const asked = await ask("sk_7", "POST", `/v1/jobs/${running}/cancel`)
    expect(asked.body).toMatchObject({ state: "cancelling" })
    expect(asked.body.cancelRequestedAt).not.toBeNull()
  })

  it("refuse what the state does not allow", async () => {
    const id = await submit()
    expect((await ask("sk_7", "POST", `/v1/jobs/${id}/retry`)).status).toBe(409)
    await setState(id, "succeeded")
    expect((await ask("sk_7", "POST", `/v1/jobs/${id}/cancel`)).status).toBe(409)
    expect((await ask("sk_7", "POST", `/v1/jobs/${id}/retry`)).status).toBe(409)
    await setState(id, "parked")
    const retried = await ask("sk_7", "POST", `/v1/jobs/${id}/retry`)
    expect(retried.body).toMatchObject({ state: "queued", run: 2 })
  })
})

it("publishes the types with their JSON Schemas and limits", async () => {
  const { body } = await ask("sk_7", "GET", "/v1/job-types")
  const probe = body.types.find((it: { name: string }) => it.name === "probe")
  expect(probe).toMatchObject({
    payload: {
      type: "object",
      required: ["steps"],
      additionalProperties: false,
      properties: { steps: { type: "integer" } }
    },
    limits: { perProject: 50, attempts: 3 }
  })
})
