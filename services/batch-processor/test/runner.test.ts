import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Context, Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { call, jobUntil, type RunnerProcess, startRunner } from "./RunnerProcess.ts"
import { probeTables } from "./testTypes.ts"

class Runner extends Context.Service<Runner, RunnerProcess>()("test/Runner") {}

/** One runner for all of these, over a Postgres of their own. */
const RunnerTest = Layer.effect(
  Runner,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (const statement of probeTables.split(";")) yield* sql.unsafe(statement)
    return yield* startRunner({ BATCH_HEARTBEAT_INTERVAL: "500 millis" })
  })
).pipe(Layer.provideMerge(TestPostgres.client))

const submit = Effect.fnUntraced(function* (payload: object, type = "probe") {
  const { url } = yield* Runner
  const made = yield* call(url, "POST", "/v1/jobs", { type, payload })
  expect(made.status).toBe(202)
  return made.body.id as string
})

const until = Effect.fnUntraced(function* (
  id: string,
  isGood: Parameters<typeof jobUntil>[2]
) {
  const { url } = yield* Runner
  return yield* jobUntil(url, id, isGood)
})

const ended = (id: string) => until(id, (job) => job.finishedAt !== null)
const begun = (id: string) => until(id, (job) => job.step !== null)

const effectsOf = (id: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ key: string }>`
      SELECT key FROM probe_effects WHERE job = ${id}::uuid ORDER BY key`
    return rows.map(({ key }) => key.slice(id.length + 1))
  })

const timesBegun = (id: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql`SELECT 1 FROM probe_begun WHERE key LIKE ${`${id}/%`}`
    return rows.length
  })

const open = (gate: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`INSERT INTO probe_gates (name) VALUES (${gate})`
  )

describe("a runner", () => {
  const it = withLayer(RunnerTest)

  it.effect("runs a job durably and tells how it went", () =>
    Effect.gen(function* () {
      const { url } = yield* Runner
      const made = yield* call(
        url,
        "POST",
        "/v1/jobs",
        { type: "probe", payload: { steps: 3 } },
        { traceparent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01" }
      )
      expect(made.headers.get("location")).toBe(`/v1/jobs/${made.body.id}`)
      const job = yield* ended(made.body.id)
      expect(job).toMatchObject({
        state: "succeeded",
        result: { steps: 3 },
        traceId: "0123456789abcdef0123456789abcdef",
        createdBy: "admin",
        error: null,
        progress: { done: 3, total: 3, unit: "steps", ratio: 1, etaSeconds: 0 }
      })
      expect(yield* effectsOf(job.id)).toEqual(["step0", "step1", "step2"])
      const { log: written } = yield* Runner
      const ending = written()
        .split("\n")
        .find((line) => line.includes("job ended"))
      // One trace, from the request to the end of the last step.
      expect(ending).toContain('"trace_id":"0123456789abcdef0123456789abcdef"')
      const log = yield* call(url, "GET", `/v1/jobs/${job.id}/log`)
      expect(log.body.lines.map((it: { message: string }) => it.message)).toEqual([
        "did step 0",
        "did step 1",
        "did step 2"
      ])
    })
  )

  it.effect("counts what ran, and what waits", () =>
    Effect.gen(function* () {
      const { url } = yield* Runner
      yield* ended(yield* submit({ steps: 1 }))
      const answer = yield* Effect.promise(() => fetch(`${url}/metrics`))
      const metrics = yield* Effect.promise(() => answer.text())
      expect(metrics).toMatch(/jobs_ended_total\S*type="probe"\S* \d/u)
      expect(metrics).toMatch(/jobs_running\S* \d/u)
      expect(metrics).toMatch(/jobs_waiting\S*type="probe"\S* \d/u)
    })
  )

  it.effect("cancels a job in the middle of a step, and cleans up after it", () =>
    Effect.gen(function* () {
      const { url } = yield* Runner
      const id = yield* submit({ steps: 2, gate: "never" })
      yield* begun(id)
      expect((yield* call(url, "POST", `/v1/jobs/${id}/cancel`)).status).toBe(202)
      const job = yield* ended(id)
      expect(job).toMatchObject({ state: "cancelled", error: null })
      expect(yield* effectsOf(id)).toEqual(["cleaned"])
      const again = yield* call(url, "POST", `/v1/jobs/${id}/cancel`)
      expect([again.status, again.body.state]).toEqual([202, "cancelled"])
    })
  )

  it.effect("says in plain words why a job failed, and runs it again when asked", () =>
    Effect.gen(function* () {
      const { url } = yield* Runner
      const id = yield* submit({ steps: 1, end: "fail" })
      const job = yield* ended(id)
      expect(job).toMatchObject({
        state: "failed",
        error: { title: "The job failed", detail: "The file is broken; send another." }
      })
      const retried = yield* call(url, "POST", `/v1/jobs/${id}/retry`)
      expect(retried.body).toMatchObject({ state: "queued", run: 2, error: null })
      expect(yield* ended(id)).toMatchObject({ state: "failed", run: 2 })
      expect(yield* timesBegun(id)).toBe(2)
    })
  )

  it.effect("tries a step again while something it needs is away", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const id = yield* submit({ steps: 1, needs: "a neighbour" })
      yield* sql`SELECT 1 FROM probe_begun WHERE key LIKE ${`${id}/%`}`.pipe(
        Effect.filterOrFail((tries) => tries.length >= 2),
        Effect.retry(Schedule.spaced("50 millis")),
        Effect.timeout("20 seconds")
      )
      const waiting = yield* begun(id)
      // Only beginnings that a runner did not survive count towards parking it.
      expect(waiting).toMatchObject({ state: "running", attempts: 1 })
      yield* open("a neighbour")
      expect(yield* ended(id)).toMatchObject({ state: "succeeded", run: 1 })
    })
  )

  it.effect("parks a job that meets a fault in the program, in a step or outside", () =>
    Effect.gen(function* () {
      const { log } = yield* Runner
      const inside = yield* ended(yield* submit({ steps: 1, end: "die" }))
      const outside = yield* ended(yield* submit({ steps: 1, end: "die outside" }))
      for (const job of [inside, outside])
        expect(job).toMatchObject({
          state: "parked",
          error: { title: "The job met a fault in the program" }
        })
      expect(log()).toContain("unforeseen")
      expect(JSON.stringify([inside, outside])).not.toContain("unforeseen")
    })
  )

  it.effect("parks a job that takes longer than its type may", () =>
    Effect.gen(function* () {
      const job = yield* ended(yield* submit({ steps: 1, gate: "never" }, "hasty"))
      expect(job).toMatchObject({
        state: "parked",
        error: { title: "The job took longer than it may" }
      })
    })
  )

  it.effect("keeps to the limits of its type, project by project in turn", () =>
    Effect.gen(function* () {
      const { url } = yield* Runner
      const of = (projectId: number) =>
        call(url, "POST", "/v1/jobs", {
          type: "narrow",
          projectId,
          payload: { steps: 1, gate: "narrow" }
        })
      const first = yield* of(1)
      yield* begun(first.body.id)
      const second = yield* of(1)
      const third = yield* of(1)
      const full = yield* of(1)
      expect([second.status, third.status, full.status]).toEqual([202, 202, 429])
      expect(full.headers.get("retry-after")).toBe("30")
      const other = yield* of(2)
      yield* begun(other.body.id)
      const waiting = yield* call(url, "GET", "/v1/jobs?type=narrow&state=queued")
      expect(waiting.body.jobs.map((it: { id: string }) => it.id)).toEqual([
        third.body.id,
        second.body.id
      ])
      yield* open("narrow")
      for (const { body } of [first, second, third, other])
        expect((yield* ended(body.id)).state).toBe("succeeded")
    })
  )

  it.effect("begins no job that its runner has no memory for", () =>
    Effect.gen(function* () {
      const first = yield* submit({ steps: 1, gate: "memory" }, "heavy")
      yield* begun(first)
      const second = yield* submit({ steps: 1, gate: "memory" }, "heavy")
      yield* until(second, (job) => job.owner !== null)
      // What needs less is not held up by it.
      expect((yield* ended(yield* submit({ steps: 1 }))).state).toBe("succeeded")
      expect(yield* timesBegun(second)).toBe(0)
      // What waits has all of its time before it, however many heartbeats that takes.
      const brief = yield* submit({ steps: 1 }, "brief")
      const { heartbeatAt } = yield* until(brief, (job) => job.owner !== null)
      const beaten = (job: { heartbeatAt: string | null; finishedAt: string | null }) =>
        job.finishedAt !== null ||
        Date.parse(job.heartbeatAt ?? "") - Date.parse(heartbeatAt ?? "") > 900
      expect((yield* until(brief, beaten)).state).toBe("running")
      yield* call((yield* Runner).url, "POST", `/v1/jobs/${brief}/cancel`)
      expect((yield* ended(brief)).state).toBe("cancelled")
      yield* open("memory")
      for (const id of [first, second])
        expect((yield* ended(id)).state).toBe("succeeded")
    })
  )

  it.effect("sends a job's changes until it has ended", () =>
    Effect.gen(function* () {
      const { url } = yield* Runner
      const id = yield* submit({ steps: 1, gate: "watched" })
      yield* begun(id)
      const text = yield* Effect.promise(async () => {
        const response = await fetch(`${url}/v1/jobs/${id}/events`, {
          headers: { authorization: "Bearer admin-key-of-this-test" }
        })
        expect(response.headers.get("content-type")).toContain("text/event-stream")
        return response
      })
      yield* open("watched")
      const events = yield* Effect.promise(() => text.text())
      const states = events
        .split("\n")
        .filter((line) => line.startsWith("data: "))
        .map((line) => JSON.parse(line.slice(6)).state)
      expect([states.at(0), states.at(-1)]).toEqual(["running", "succeeded"])
    })
  )
})
