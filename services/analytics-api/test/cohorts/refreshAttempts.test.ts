import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect, ManagedRuntime } from "effect"
import { SqlClient } from "effect/sql"
import { Cohorts } from "../../src/cohorts/Cohorts.ts"
import { CohortRefreshRepo } from "../../src/cohorts/refresh/CohortRefreshRepo.ts"
import {
  ask,
  begin,
  buyers,
  HOUR,
  hashOf,
  makeCohort,
  RefreshTest,
  refresh,
  send,
  shown,
  world
} from "./refreshTest.ts"

const runtime = ManagedRuntime.make(RefreshTest)
const run = runtime.runPromise
afterAll(() => runtime.dispose())

/** The stores are shared with other tests. */
const LONG = 60_000
beforeAll(() => run(Effect.void), LONG)

describe("a refresh", () => {
  it(
    "is answered the same again",
    () =>
      run(
        Effect.gen(function* () {
          const id = yield* begin()
          const cohort = yield* makeCohort(id, buyers)
          const name = crypto.randomUUID()
          const first = yield* refresh(id, cohort, name)
          expect(first).toEqual({
            state: "done",
            people: 1,
            watermark: new Date(world.watermark)
          })
          world.watermark += HOUR
          yield* send(id, [{ user: "bob", event: "buy" }])
          expect(yield* refresh(id, cohort, name)).toEqual(first)
        })
      ),
    LONG
  )

  it(
    "that fails shows why, and hides no good one",
    () =>
      run(
        Effect.gen(function* () {
          const id = yield* begin()
          const cohort = yield* makeCohort(id, buyers)
          expect(yield* shown(id, cohort)).toEqual({
            state: "never",
            startedAt: null,
            lastGood: null,
            failure: null
          })
          yield* refresh(id, cohort)
          const { lastGood } = yield* shown(id, cohort)
          const clickhouse = yield* ClickHouse
          const name = crypto.randomUUID()
          yield* clickhouse.command("RENAME TABLE cohort_people TO cohort_people_away")
          const failed = yield* Effect.flip(refresh(id, cohort, name))
          yield* clickhouse.command("RENAME TABLE cohort_people_away TO cohort_people")
          expect(failed).toMatchObject({ status: 503 })
          expect(yield* shown(id, cohort)).toMatchObject({
            state: "failed",
            lastGood,
            failure: { detail: "The event store did not take its people." }
          })
          world.watermark += HOUR
          expect((yield* ask(id, cohort, world.watermark)).asOf).toBe(
            world.watermark - HOUR
          )
          expect(yield* refresh(id, cohort, name)).toMatchObject({ state: "done" })
          expect(yield* shown(id, cohort)).toMatchObject({
            state: "succeeded",
            failure: null
          })
        })
      ),
    LONG
  )

  it(
    "whose process was killed has failed once its lease is over",
    () =>
      run(
        Effect.gen(function* () {
          const id = yield* begin()
          const cohort = yield* makeCohort(id, buyers)
          const repo = yield* CohortRefreshRepo
          const sql = yield* SqlClient.SqlClient
          const name = {
            projectId: id,
            cohortId: cohort,
            refreshId: crypto.randomUUID()
          }
          const attempt = {
            owner: crypto.randomUUID(),
            asOf: new Date(world.watermark)
          }
          const killed = yield* repo.begin(name, attempt)
          if (killed._tag !== "Begun") throw new Error(killed._tag)
          // It had written some of them.
          const clickhouse = yield* ClickHouse
          yield* clickhouse.insert({
            table: "cohort_people",
            format: "JSONEachRow",
            body: JSON.stringify({
              project_id: id,
              cohort,
              version: killed.version,
              as_of: world.watermark,
              person: 1
            })
          })
          expect((yield* shown(id, cohort)).state).toBe("running")
          expect((yield* repo.begin(name, attempt))._tag).toBe("Busy")
          yield* sql`UPDATE control.cohort_refreshes SET lease_until = now() - interval '1 s'
                    WHERE version = ${killed.version}::uuid`
          const view = yield* shown(id, cohort)
          expect(view).toMatchObject({ state: "failed", lastGood: null })
          expect(view.failure?.detail).toContain("the next refresh repairs it")
          expect(yield* refresh(id, cohort, name.refreshId)).toMatchObject({
            people: 1
          })
          expect(yield* shown(id, cohort)).toMatchObject({
            state: "succeeded",
            lastGood: { people: 1 },
            failure: null
          })
          // The dead one comes back to life and is told so.
          expect(yield* repo.beat(killed.version)).toBe(false)
          const end = { people: 9, effectiveAt: new Date(world.watermark + 90_000) }
          expect(yield* repo.finish(killed.version, end)).toBe(false)
          world.watermark += HOUR
          expect((yield* ask(id, cohort, world.watermark)).people).toEqual([
            hashOf(id, "ann")
          ])
        })
      ),
    LONG
  )

  it(
    "begins when another of the cohort has ended",
    () =>
      run(
        Effect.gen(function* () {
          const id = yield* begin()
          const cohort = yield* makeCohort(id, buyers)
          const both = yield* Effect.all([refresh(id, cohort), refresh(id, cohort)], {
            concurrency: 2
          })
          expect(both).toMatchObject([{ people: 1 }, { people: 1 }])
          const clickhouse = yield* ClickHouse
          expect(
            yield* clickhouse.query(
              "SELECT count() AS n FROM cohort_people WHERE project_id = {id:UInt32} GROUP BY version",
              { params: { id } }
            )
          ).toMatchObject([{ n: "1" }, { n: "1" }])
        })
      ),
    LONG
  )

  it(
    "of another project's cohort, or of none, finds nothing",
    () =>
      run(
        Effect.gen(function* () {
          const id = yield* begin()
          const cohort = yield* makeCohort(id, buyers)
          const other = yield* begin()
          expect(yield* Effect.flip(refresh(other, cohort))).toMatchObject({
            status: 404
          })
        })
      ),
    LONG
  )

  it(
    "removes what nothing can need",
    () =>
      run(
        Effect.gen(function* () {
          const id = yield* begin()
          const cohort = yield* makeCohort(id, buyers)
          const gone = yield* makeCohort(id, buyers)
          yield* refresh(id, gone)
          yield* (yield* Cohorts).remove(id, gone)
          for (let times = 0; times < 3; times++) {
            world.watermark += HOUR
            yield* refresh(id, cohort)
          }
          const sql = yield* SqlClient.SqlClient
          const repo = yield* CohortRefreshRepo
          const kept = Effect.map(
            sql`SELECT 1 FROM control.cohort_refreshes
               WHERE project_id = ${BigInt(id)} AND retired_at IS NULL`,
            (rows) => rows.length
          )
          expect(yield* kept).toBe(3)
          // The second replaced the first so long ago that nobody asks about it.
          yield* repo.retire(id, new Date(world.watermark - HOUR + 60_001))
          expect(yield* kept).toBe(2)
          yield* sql`UPDATE control.cohort_refreshes SET retired_at = now() - interval '2 hours'
                    WHERE project_id = ${BigInt(id)} AND retired_at IS NOT NULL`
          expect(yield* repo.leftovers(id)).toHaveLength(2)
          yield* refresh(id, cohort)
          expect(yield* repo.leftovers(id)).toHaveLength(0)
          expect((yield* shown(id, cohort)).lastGood).toMatchObject({ isUsed: true })
        })
      ),
    LONG
  )
})
