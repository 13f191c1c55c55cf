import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Option } from "effect"
import { SqlClient } from "effect/sql"
import { DispatchRepo } from "../../src/jobs/DispatchRepo.ts"
import { JobRepo } from "../../src/jobs/JobRepo.ts"
import { type Lease, RunRepo } from "../../src/jobs/RunRepo.ts"
import { JobsTest } from "./JobsTest.ts"

const newJob = Effect.fnUntraced(function* (projectId: number | null, type = "probe") {
  const id = Bun.randomUUIDv7()
  yield* (yield* JobRepo).insert(
    {
      id,
      projectId,
      type,
      payload: { steps: 1 },
      createdBy: "test",
      traceId: null,
      traceparent: null
    },
    1000
  )
  return id
})

const limits = {
  perProject: 2,
  inAll: 6,
  waiting: 100,
  time: 1000,
  memory: 1,
  attempts: 3
}

const claim = (types: ReadonlyArray<string>, limit = 100) =>
  DispatchRepo.use((repo) =>
    repo.claim(
      types.map((name) => ({ name, limits })),
      limit
    )
  ).pipe(Effect.map((claimed) => claimed.map(({ id }) => id)))

/** A job in the hands of a runner. */
const taken = Effect.fnUntraced(function* (id: string, owner = "one") {
  const found = yield* (yield* RunRepo).take(id, 1, owner)
  const { attempts, epoch } = Option.getOrThrow(found)
  return { lease: { jobId: id, run: 1, epoch } satisfies Lease, attempts }
})

describe("what starts", () => {
  const it = withLayer(JobsTest)

  it.effect("keeps to the limit of a project, and takes projects in turn", () =>
    Effect.gen(function* () {
      const of1 = yield* Effect.forEach([1, 2, 3, 4], () => newJob(1, "turns"))
      const of2 = yield* Effect.forEach([1, 2], () => newJob(2, "turns"))
      const ofAll = yield* newJob(null, "turns")
      const other = yield* newJob(3, "unknown here")
      const first = yield* claim(["turns"], 3)
      expect(new Set(first)).toEqual(new Set([of1[0] ?? "", of2[0] ?? "", ofAll]))
      const second = yield* claim(["turns"])
      expect(new Set(second)).toEqual(new Set([of1[1] ?? "", of2[1] ?? ""]))
      expect(yield* claim(["turns"])).toEqual([])
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE jobs.jobs SET state = 'succeeded' WHERE id = ${of1[0] ?? ""}::uuid`
      expect(yield* claim(["turns"])).toEqual([of1[2] ?? ""])
      expect(yield* claim(["unknown here"])).toEqual([other])
    })
  )

  it.effect("keeps to the limit of all projects", () =>
    Effect.gen(function* () {
      yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], (project) =>
        newJob(project, "crowd")
      )
      expect(yield* claim(["crowd"], 4)).toHaveLength(4)
      expect(yield* claim(["crowd"])).toHaveLength(2)
      expect(yield* claim(["crowd"])).toHaveLength(0)
    })
  )

  it.effect(
    "starts again what nobody took for 10 s, or gave no sign of life for 30 s",
    () =>
      Effect.gen(function* () {
        const id = yield* newJob(1, "silent")
        yield* claim(["silent"])
        const { silent } = yield* DispatchRepo
        const sql = yield* SqlClient.SqlClient
        const silence = (age: string) => sql`
        UPDATE jobs.jobs SET heartbeat_at = clock_timestamp() - ${age}::text::interval
         WHERE id = ${id}::uuid`
        yield* silence("11 seconds")
        expect(yield* silent).toEqual([{ id, run: 1, owned: false }])
        yield* taken(id)
        yield* silence("29 seconds")
        expect(yield* silent).toEqual([])
        yield* silence("31 seconds")
        expect(yield* silent).toEqual([{ id, run: 1, owned: true }])
        expect(yield* silent).toEqual([])
      })
  )
})

describe("what a runner writes", () => {
  const it = withLayer(JobsTest)

  it.effect("is nothing, once another one has taken the job", () =>
    Effect.gen(function* () {
      const repo = yield* RunRepo
      const id = yield* newJob(1)
      yield* claim(["probe"])
      const old = (yield* taken(id, "old")).lease
      yield* repo.saveCheckpoint(old, "rows", 5)
      const now = (yield* taken(id, "new")).lease
      const shown = {
        done: 9,
        total: null,
        unit: "rows",
        counts: {},
        ratio: null,
        etaSeconds: null
      }
      expect([
        Option.isSome(yield* repo.beginStep(old, "step")),
        yield* repo.endStep(old),
        (yield* repo.beat([old])).length > 0,
        yield* repo.progress(old, shown),
        yield* repo.log(old, { level: "info", message: "late" }),
        yield* repo.saveCheckpoint(old, "rows", 1),
        yield* repo.startOver(old),
        yield* repo.end(old, { state: "succeeded" })
      ]).toEqual(Array.from({ length: 8 }, () => false))
      expect(yield* repo.checkpoint(id, "rows")).toEqual(Option.some(5))
      expect(yield* repo.beat([now, old])).toMatchObject([{ id, state: "running" }])
      expect(yield* repo.end(now, { state: "succeeded", result: {} })).toBe(true)
      expect(yield* repo.end(now, { state: "failed" })).toBe(false)
    })
  )

  it.effect("is kept at the end, whatever is in its text", () =>
    Effect.gen(function* () {
      const id = yield* newJob(6)
      yield* claim(["probe"])
      const { lease } = yield* taken(id)
      const text = (bad: string) => `${bad}${bad}, half ${bad}, \\u0000 \u{1f600}`
      const error = { title: "The job failed", detail: text("\0") }
      const result = { [text("\ud83d")]: text("\ude00") }
      const repo = yield* RunRepo
      expect(yield* repo.end(lease, { state: "failed", error, result })).toBe(true)
      const job = yield* (yield* JobRepo).find(id, 6)
      expect(Option.getOrThrow(job)).toMatchObject({
        state: "failed",
        error: { detail: text("\ufffd") },
        result: { [text("\ufffd")]: text("\ufffd") }
      })
    })
  )

  it.effect("counts no time of a job that waits", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const repo = yield* RunRepo
      const id = yield* newJob(7)
      yield* claim(["probe"])
      const { lease } = yield* taken(id)
      const minute = sql`
        UPDATE jobs.jobs SET heartbeat_at = clock_timestamp() - interval '1 minute'
         WHERE id = ${id}::uuid`
      yield* minute
      expect(yield* repo.beat([lease], () => true)).toMatchObject([{ spentMs: 0 }])
      yield* minute
      const [beat] = yield* repo.beat([lease])
      expect(beat?.spentMs).toBeGreaterThanOrEqual(60_000)
    })
  )

  it.effect("counts beginnings until it gets further", () =>
    Effect.gen(function* () {
      const repo = yield* RunRepo
      const id = yield* newJob(4)
      yield* claim(["probe"])
      const begin = Effect.gen(function* () {
        const { lease } = yield* taken(id)
        return [lease, Option.getOrThrow(yield* repo.beginStep(lease, "copy"))] as const
      })
      yield* begin
      const [lease, second] = yield* begin
      expect(second).toBe(2)
      yield* repo.saveCheckpoint(lease, "rows", 1)
      expect((yield* begin)[1]).toBe(2)
      const [last] = yield* begin
      yield* repo.endStep(last)
      expect((yield* begin)[1]).toBe(1)
      // Runners that die before they begin any step.
      yield* taken(id)
      expect((yield* taken(id)).attempts).toBe(2)
    })
  )

  it.effect("keeps the newest 10,000 lines of a log", () =>
    Effect.gen(function* () {
      const repo = yield* RunRepo
      const sql = yield* SqlClient.SqlClient
      const id = yield* newJob(5)
      yield* claim(["probe"])
      const { lease } = yield* taken(id)
      yield* sql`
        INSERT INTO jobs.log (job_id, level, message)
        SELECT ${id}::uuid, 'info', n::text FROM generate_series(1, 10000) AS n`
      yield* repo.log(lease, { level: "warning", message: "last", data: { n: 1 } })
      const lines = yield* sql<{ message: string }>`
        SELECT message FROM jobs.log WHERE job_id = ${id}::uuid ORDER BY id`
      expect(lines).toHaveLength(10_000)
      expect([lines[0]?.message, lines.at(-1)?.message]).toEqual(["2", "last"])
    })
  )
})
