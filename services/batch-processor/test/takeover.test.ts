import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { call, jobUntil, startRunner } from "./RunnerProcess.ts"
import { probeTables } from "./testTypes.ts"

const isLong = process.env["TEST_LONG"] === "1"
const JOBS = isLong ? 50 : 24
const STEPS = isLong ? 6 : 3
/** In milliseconds, of a test on a machine that has other things to do. */
const DEADLINE = 150_000
/** As it is by default in the long run; a lost runner is noticed sooner in the short one. */
const settings = isLong ? {} : { BATCH_RUNNER_EXPIRY: "5 seconds" }

const Tables = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (const statement of probeTables.split(";")) yield* sql.unsafe(statement)
  })
).pipe(Layer.provideMerge(TestPostgres.client))

const count = (table: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<{ n: bigint }>`SELECT count(*) AS n FROM ${sql(table)}`
    return Number(row?.n)
  })

const until = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  isGood: (found: A) => boolean,
  timeout = 120_000
) =>
  look.pipe(
    Effect.filterOrFail(isGood),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout(timeout)
  )

const states = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ state: string; n: bigint }>`
    SELECT state, count(*) AS n FROM jobs.jobs GROUP BY state`
  return Object.fromEntries(rows.map(({ n, state }) => [state, Number(n)]))
})

/** Runners that hold a good part of the 300 shards. */
const sharing = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql`
    SELECT pid FROM pg_locks
     WHERE locktype = 'advisory' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     GROUP BY pid HAVING count(*) >= 75`
  return rows.length
})

describe("two runners, one killed with -9 in the middle of their jobs", () => {
  const it = withLayer(Tables)

  it.effect(
    "all end, and nothing is done twice",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const survivor = yield* startRunner(settings)
          const victim = yield* startRunner(settings)
          yield* until(sharing, (runners) => runners === 2)
          const owned = (pid: number) => sql`
          SELECT 1 FROM jobs.jobs WHERE owner LIKE ${`%/${pid}`}`
          yield* Effect.forEach(
            Array.from({ length: JOBS }),
            () =>
              call(survivor.url, "POST", "/v1/jobs", {
                type: "probe",
                payload: { steps: STEPS, pause: 300 }
              }),
            { concurrency: 8 }
          )
          yield* until(owned(victim.child.pid), (rows) => rows.length > 5)
          const had = yield* owned(victim.child.pid)
          victim.child.kill("SIGKILL")
          const killedAt = Date.now()
          yield* until(owned(victim.child.pid), (rows) => rows.length === 0)
          const takenOverMs = Date.now() - killedAt
          yield* until(states, (it) => it["succeeded"] === JOBS)
          const begun = yield* count("probe_begun")
          process.stdout.write(
            `${JSON.stringify({ jobsOfTheKilled: had.length, takenOverMs, allEndedMs: Date.now() - killedAt, begun })}\n`
          )
          expect(yield* count("probe_effects")).toBe(JOBS * STEPS)
          expect(begun).toBeGreaterThanOrEqual(JOBS * STEPS)
          // Only what the killed one had in hand was begun again.
          expect(begun).toBeLessThanOrEqual(JOBS * STEPS + had.length)
        })
      ),
    DEADLINE
  )
})

describe.skipIf(!isLong)("a runner that was frozen", () => {
  const it = withLayer(Tables)

  it.effect(
    "writes nothing once its jobs are another's",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const frozen = yield* startRunner(settings)
          const made = yield* call(frozen.url, "POST", "/v1/jobs", {
            type: "probe",
            payload: { steps: 2, gate: "thaw" }
          })
          const id: string = made.body.id
          const before = yield* jobUntil(frozen.url, id, (job) => job.step !== null)
          frozen.child.kill("SIGSTOP")
          const other = yield* startRunner(settings)
          const frozenAt = Date.now()
          const taken = yield* jobUntil(
            other.url,
            id,
            (job) => job.step !== null && job.owner !== before.owner
          )
          process.stdout.write(
            `${JSON.stringify({ frozenTakenOverMs: Date.now() - frozenAt })}\n`
          )
          // Both are in the same step now; the gate opens for both at once.
          frozen.child.kill("SIGCONT")
          yield* sql`INSERT INTO probe_gates (name) VALUES ('thaw')`
          const job = yield* jobUntil(other.url, id, (it) => it.finishedAt !== null)
          expect(job).toMatchObject({ state: "succeeded", run: 1 })
          expect(taken.owner).toContain(String(other.child.pid))
          // Whoever has it in the end ends it, once.
          const said = `${frozen.log()}${other.log()}`.split("\n")
          expect(
            said.filter((line) => line.includes("job ended") && line.includes(id))
          ).toHaveLength(1)
          expect(yield* count("probe_effects")).toBe(2)
        })
      ),
    DEADLINE
  )
})

describe.skipIf(!isLong)("a job that ends its runner", () => {
  const it = withLayer(Tables)

  it.effect(
    "is parked after as many beginnings as its type allows",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const runner = startRunner({ ...settings, BATCH_RUNNER_PORT: "29417" })
          let { child, url } = yield* runner
          const made = yield* call(url, "POST", "/v1/jobs", {
            type: "probe",
            payload: { steps: 1, end: "kill" }
          })
          let deaths = 0
          for (;;) {
            const ended = yield* Effect.raceFirst(
              Effect.as(
                Effect.promise(() => child.exited),
                undefined
              ),
              jobUntil(url, made.body.id, (job) => job.finishedAt !== null).pipe(
                // The runner is gone; another one is asked.
                Effect.catchDefect(() => Effect.never)
              )
            )
            if (ended !== undefined) {
              expect(ended).toMatchObject({
                state: "parked",
                error: { title: "The job does not get any further" }
              })
              break
            }
            deaths++
            ;({ child, url } = yield* runner)
          }
          expect(deaths).toBe(3)
        })
      ),
    DEADLINE
  )
})

describe("a runner that is told to end", () => {
  const it = withLayer(Tables)

  it.effect(
    "hands its job over, and ends well",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const leaving = yield* startRunner()
          const made = yield* call(leaving.url, "POST", "/v1/jobs", {
            type: "probe",
            payload: { steps: 1, gate: "handed over" }
          })
          const id: string = made.body.id
          yield* jobUntil(leaving.url, id, (job) => job.step !== null)
          const staying = yield* startRunner()
          const toldAt = Date.now()
          leaving.child.kill("SIGTERM")
          expect(yield* Effect.promise(() => leaving.child.exited)).toBe(0)
          yield* jobUntil(staying.url, id, (job) =>
            String(job.owner).endsWith(`/${staying.child.pid}`)
          )
          process.stdout.write(
            `${JSON.stringify({ handedOverMs: Date.now() - toldAt })}\n`
          )
          yield* sql`INSERT INTO probe_gates (name) VALUES ('handed over')`
          const job = yield* jobUntil(staying.url, id, (it) => it.finishedAt !== null)
          expect(job).toMatchObject({ state: "succeeded", run: 1 })
        })
      ),
    DEADLINE
  )
})
