import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect, ManagedRuntime } from "effect"
import fc from "fast-check"
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
  START,
  send,
  shown,
  tie,
  world
} from "./refreshTest.ts"

const runtime = ManagedRuntime.make(RefreshTest)
const run = runtime.runPromise
afterAll(() => runtime.dispose())

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
          expect(yield* ask(id, cohort, world.watermark)).toEqual({
            people: [],
            asOf: world.watermark
          })
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
