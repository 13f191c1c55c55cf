import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect, ManagedRuntime } from "effect"
import { SqlClient } from "effect/sql"
import fc from "fast-check"
import { Cohorts } from "../../src/cohorts/Cohorts.ts"
import { CohortRefreshRepo } from "../../src/cohorts/refresh/CohortRefreshRepo.ts"
import {
  ask,
  HOUR,
  hashOf,
  makeCohort,
  makeProject,
  RefreshTest,
  refresh,
  START,
  send,
  tie,
  world
} from "./refreshTest.ts"

const runtime = ManagedRuntime.make(RefreshTest)
const run = runtime.runPromise
afterAll(() => runtime.dispose())

const buyers = { type: "dynamic", rule: { did: { event: "buy", atLeast: 2 } } }
let project = 100

/** A project of its own with ann (two purchases), bob (one) and cid (none). */
const begin = Effect.fnUntraced(function* () {
  const id = ++project
  world.watermark = START + HOUR
  world.removing.clear()
  yield* makeProject(id)
  yield* send(id, [
    { user: "ann", event: "buy" },
    { user: "ann", event: "buy" },
    { user: "bob", event: "buy" },
    { user: "cid", event: "look" }
  ])
  return id
})

const shown = (projectId: number, id: string) =>
  Cohorts.use((cohorts) => Effect.map(cohorts.get(projectId, id), (one) => one.refresh))

/** The stores are shared with other tests. */
const LONG = 60_000
beforeAll(() => run(Effect.void), LONG)

describe("a refreshed cohort", () => {
  it(
    "has the people that its rule has at the watermark of the refresh",
    () =>
      run(
        Effect.gen(function* () {
          const users = ["a", "b", "c", "d", "e"]
          const rows = fc.array(
            fc.record({
              user: fc.constantFrom(...users),
              event: fc.constantFrom("buy", "look"),
              at: fc.integer({ min: 0, max: 40 }).map((hours) => START + hours * HOUR)
            }),
            { minLength: 5, maxLength: 30 }
          )
          const rule = fc.constantFrom<object>(
            buyers.rule,
            { did: { event: "look", within: "1d" } },
            { didNot: { event: "buy", within: "1d" } },
            { did: { event: "buy", atMost: 1 } },
            { not: { did: {} } },
            { and: [{ did: { event: "look" } }, { not: buyers.rule }] }
          )
          const ties = fc.subarray(users.slice(1))
          for (const [events, each, tied] of fc.sample(fc.tuple(rows, rule, ties), {
            numRuns: 5,
            seed: 5
          })) {
            const id = yield* begin()
            yield* send(id, events)
            for (const user of tied) yield* tie(id, user, "a", START)
            const definition = { type: "dynamic", rule: each }
            const cohort = yield* makeCohort(id, definition)
            world.watermark = START + 30 * HOUR
            const inline = yield* ask(id, cohort, world.watermark)
            expect(inline.asOf).toBe(world.watermark)
            yield* refresh(id, cohort)
            world.watermark += 60_000
            expect(yield* ask(id, cohort, world.watermark)).toEqual({
              ...inline,
              asOf: world.watermark - 60_000
            })
          }
        })
      ),
    LONG
  )

  it(
    "is read only as of moments above every one that was told before",
    () =>
      run(
        Effect.gen(function* () {
          const id = yield* begin()
          const cohort = yield* makeCohort(id, buyers)
          const first = world.watermark
          const before = yield* ask(id, cohort, first)
          yield* refresh(id, cohort)
          expect(yield* ask(id, cohort, first)).toEqual(before)
          world.watermark += 2 * HOUR
          yield* send(id, [{ user: "bob", event: "buy", at: first + HOUR }])
          const [ann, bob] = [hashOf(id, "ann"), hashOf(id, "bob")]
          const old = { people: [ann], asOf: first }
          expect(yield* ask(id, cohort, world.watermark)).toEqual(old)
          const second = world.watermark
          yield* refresh(id, cohort)
          expect(yield* ask(id, cohort, second)).toEqual(old)
          world.watermark += 60_000
          expect(yield* ask(id, cohort, world.watermark)).toEqual({
            people: [ann, bob].sort(),
            asOf: second
          })
          // Older than it may be: found anew.
          world.watermark += 49 * HOUR
          expect((yield* ask(id, cohort, world.watermark)).asOf).toBe(world.watermark)
        })
      ),
    LONG
  )

  it(
    "is not read when nobody allowed it, or its definition changed",
    () =>
      run(
        Effect.gen(function* () {
          const id = yield* begin()
          const cohorts = yield* Cohorts
          const cohort = yield* makeCohort(id, buyers, null)
          yield* refresh(id, cohort)
          const at = world.watermark
          world.watermark += HOUR
          const asOf = Effect.map(ask(id, cohort, world.watermark), (one) => one.asOf)
          expect(yield* asOf).toBe(world.watermark)
          yield* cohorts.change(id, cohort, { maxAgeSeconds: 86_400 })
          expect(yield* asOf).toBe(at)
          expect(yield* shown(id, cohort)).toMatchObject({ lastGood: { isUsed: true } })
          const rule = { did: { event: "look" } }
          const definition = { type: "dynamic", rule }
          expect(
            (yield* cohorts.change(id, cohort, { definition })).refresh
          ).toMatchObject({
            state: "succeeded",
            lastGood: { people: 1, isUsed: false }
          })
          const changed = yield* ask(id, cohort, world.watermark)
          expect(changed).toEqual({
            people: [hashOf(id, "cid")],
            asOf: world.watermark
          })
          yield* refresh(id, cohort)
          const again = world.watermark
          world.watermark += HOUR
          expect(yield* ask(id, cohort, world.watermark)).toEqual({
            people: [hashOf(id, "cid")],
            asOf: again
          })
        })
      ),
    LONG
  )

  it(
    "follows its people when they turn out to be others",
    () =>
      run(
        Effect.gen(function* () {
          const id = yield* begin()
          const cohort = yield* makeCohort(id, buyers)
          yield* refresh(id, cohort)
          world.watermark += HOUR
          yield* tie(id, "ann", "cid", world.watermark)
          const { asOf, people } = yield* ask(id, cohort, world.watermark)
          expect(asOf).toBeLessThan(world.watermark)
          expect(people).toEqual([hashOf(id, "cid")])
          // As of before, they were one person only.
          expect((yield* ask(id, cohort, world.watermark - 1)).people).toEqual([
            hashOf(id, "ann")
          ])
        })
      ),
    LONG
  )

  it(
    "is a list, too",
    () =>
      run(
        Effect.gen(function* () {
          const id = yield* begin()
          const cohort = yield* makeCohort(id, { type: "static" })
          yield* (yield* Cohorts).setMembers(id, cohort, ["bob", "nobody yet"], true)
          world.watermark += HOUR
          expect(yield* refresh(id, cohort)).toMatchObject({ state: "done", people: 2 })
          world.watermark += HOUR
          expect(yield* ask(id, cohort, world.watermark)).toEqual({
            people: [hashOf(id, "bob")],
            asOf: world.watermark - HOUR
          })
        })
      ),
    LONG
  )

  it(
    "loses erased people at once",
    () =>
      run(
        Effect.gen(function* () {
          const id = yield* begin()
          const cohort = yield* makeCohort(id, buyers)
          yield* refresh(id, cohort)
          world.watermark += HOUR
          expect((yield* ask(id, cohort, world.watermark)).people).toHaveLength(1)
          const clickhouse = yield* ClickHouse
          yield* clickhouse.insert({
            table: "removals",
            format: "JSONEachRow",
            body: JSON.stringify({
              project_id: id,
              removal: crypto.randomUUID(),
              id_hash: hashOf(id, "ann"),
              received_until: world.watermark,
              known_until: world.watermark
            })
          })
          world.removing.add(id)
          expect((yield* ask(id, cohort, world.watermark)).people).toEqual([])
          expect(yield* refresh(id, cohort)).toMatchObject({ people: 0 })
          // What was found before is not used when the removal is done, either.
          yield* CohortRefreshRepo.use((repo) => repo.retireAll(id))
          world.removing.clear()
          expect((yield* ask(id, cohort, world.watermark)).asOf).toBe(world.watermark)
          expect(yield* shown(id, cohort)).toMatchObject({
            lastGood: { isUsed: false }
          })
        })
      ),
    LONG
  )
})

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
