import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { Results } from "../../src/results/Results.ts"
import {
  DAY,
  eventRow,
  insert,
  makeCohort,
  makeProject,
  ResultsTest,
  START,
  world
} from "./resultsTest.ts"

const from = new Date(START).toISOString()
const to = new Date(START + 3 * DAY).toISOString()
const trend = (measure: string, more: object = {}) => ({
  kind: "trends",
  series: [{ event: "a", measure }],
  ...{ interval: "day", from, to },
  ...more
})
const totals = trend("total")
const people = trend("unique_users")
const plans = trend("unique_users", { breakdown: ["user.plan"] })
const listed = "00000000-0000-4000-8000-000000000011"
const members = trend("unique_users", { cohort: listed })

const ask = (projectId: number, body: unknown, timezone = "UTC") =>
  Results.use((results) => results.answer({ id: projectId, timezone }, body))

/** Whether it is given without being computed. */
const isKept = (projectId: number, body: unknown, timezone?: string) =>
  Effect.map(ask(projectId, body, timezone), ({ answer }) => answer.meta.cached)

const later = () => {
  world.watermark += 60_000
  return world.watermark
}

const begin = Effect.fnUntraced(function* (projectId: number) {
  yield* makeProject(projectId)
  const knownAt = later()
  yield* insert("events", [
    eventRow(projectId, "a", { id: 1, at: START + 1000, knownAt }),
    eventRow(projectId, "a", { id: 2, at: START + 2000, knownAt })
  ])
  later()
})

const link = (projectId: number, id: number, person: number) => ({
  ...{ project_id: projectId, id_hash: String(id), person: String(person) },
  ...{ known_at: later(), version: world.watermark * 1000 }
})

describe("an answer of a saved question", () => {
  const it = withLayer(ResultsTest)

  it.effect("is kept, and says so", () =>
    Effect.gen(function* () {
      yield* begin(1)
      const first = yield* ask(1, totals)
      expect(first.keptAt).toBeNull()
      expect(first.answer.meta.cached).toBe(false)
      later()
      const second = yield* ask(1, totals)
      expect(second.answer.meta).toMatchObject({
        cached: true,
        asOf: new Date(world.watermark).toISOString()
      })
      expect(second.keptAt?.getTime()).toBeGreaterThan(Date.now() - 60_000)
      expect(second.answer.result).toEqual(first.answer.result)
      const results = yield* Results
      const fresh = yield* results.answer({ id: 1, timezone: "UTC" }, totals, {
        fresh: true
      })
      expect(fresh.answer.meta.cached).toBe(false)
      // Written in another order it is the same question.
      const other = Object.fromEntries(Object.entries(totals).reverse())
      expect(yield* isKept(1, other)).toBe(true)
      expect(yield* isKept(1, totals, "Asia/Kolkata")).toBe(false)
    })
  )

  const afterChange = Effect.fnUntraced(function* <E, R>(
    projectId: number,
    body: object,
    change: Effect.Effect<void, E, R>
  ) {
    yield* ask(projectId, body)
    later()
    const before = yield* isKept(projectId, body)
    yield* change
    later()
    return { before, after: yield* isKept(projectId, body) }
  })

  it.effect("is computed anew once what it reads has changed, and only then", () =>
    Effect.gen(function* () {
      const project = 2
      yield* begin(project)
      yield* makeCohort(project, listed, { type: "static" })
      const event = (name: string, at: number, more: object = {}) =>
        Effect.suspend(() =>
          insert("events", [
            eventRow(project, name, { id: 1, at, knownAt: later(), ...more })
          ])
        )
      const backdated = Effect.suspend(() => {
        const sealedAt = later()
        const row = { id: 1, at: START + 7000, knownAt: sealedAt - DAY, sealedAt }
        return insert("events", [eventRow(project, "a", row)])
      })
      const links = (id: number, person: number) =>
        Effect.suspend(() => insert("person_links", [link(project, id, person)]))
      const member = Effect.suspend(() =>
        insert("cohort_ids", [
          {
            ...{ project_id: project, cohort: listed, id_hash: "1", is_member: 1 },
            changed_at: later() * 1000
          }
        ])
      )
      const removed = Effect.sync(() => {
        world.removed.set(project, later())
      })
      const cases = [
        ["a late event", totals, event("a", START + 5000), false],
        ["an event outside of the range", totals, event("a", START + 4 * DAY), true],
        ["another event", totals, event("b", START + 6000), true],
        ["an event stored under an earlier moment", totals, backdated, false],
        ["a link where no people are counted", totals, links(1, 2), true],
        ["a link of ids that are counted", people, links(2, 1), false],
        ["a link of other ids", people, links(77, 78), true],
        [
          "a trait, whenever it was",
          plans,
          event("$identify", START - 90 * DAY, { props: { plan: '"pro"' } }),
          false
        ],
        ["a change of a list", members, member, false],
        ["a link while a list counts", members, links(80, 1), false],
        ["a removal", totals, removed, false]
      ] as const
      for (const [what, body, change, kept] of cases)
        expect({ what, ...(yield* afterChange(project, body, change)) }).toEqual({
          what,
          before: true,
          after: kept
        })
    })
  )

  it.effect("is neither kept nor given while something is being removed", () =>
    Effect.gen(function* () {
      yield* begin(3)
      yield* ask(3, totals)
      world.removing.add(3)
      expect(yield* isKept(3, totals)).toBe(false)
      const sql = yield* SqlClient.SqlClient
      yield* sql`DELETE FROM control.kept_results WHERE project_id = 3`
      yield* ask(3, totals)
      world.removing.delete(3)
      expect(yield* isKept(3, totals)).toBe(false)
      expect(yield* isKept(3, totals)).toBe(true)
      world.isStale = true
      expect(yield* isKept(3, totals)).toBe(false)
      world.isStale = false
    })
  )

  it.effect("is not kept of what changes as time passes, or names people", () =>
    Effect.gen(function* () {
      yield* begin(4)
      const days = "00000000-0000-4000-8000-000000000012"
      yield* makeCohort(4, days, {
        type: "dynamic",
        rule: { did: { event: "a", within: "30d" } }
      })
      for (const body of [
        trend("total", { cohort: days }),
        { kind: "sessions", list: true, from, to },
        { kind: "events", from, to },
        { kind: "people" },
        { kind: "sql", query: "SELECT 1 AS one" }
      ]) {
        yield* ask(4, body)
        expect({ body, kept: yield* isKept(4, body) }).toEqual({ body, kept: false })
      }
      const sql = yield* SqlClient.SqlClient
      expect(
        yield* sql`SELECT 1 FROM control.kept_results WHERE project_id = 4`
      ).toHaveLength(0)
    })
  )

  it.effect("is computed once for all who ask at the same time", () =>
    Effect.gen(function* () {
      yield* begin(5)
      const asked = world.asked
      const answers = yield* Effect.all(
        Array.from({ length: 20 }, () => ask(5, totals)),
        { concurrency: "unbounded" }
      )
      expect(world.asked - asked).toBe(1)
      expect(
        new Set(answers.map(({ answer }) => JSON.stringify(answer.result))).size
      ).toBe(1)
      // Another key may be refused what this one is answered.
      const kept = world.asked
      yield* Results.use((results) =>
        Effect.all(
          ["one", "two", "three"].map((keyId) =>
            results.answer({ id: 5, timezone: "UTC", keyId }, totals, { fresh: true })
          ),
          { concurrency: "unbounded" }
        )
      )
      expect(world.asked - kept).toBe(3)
      // Who goes away does not take it from the others.
      const fibers = yield* Effect.forEach([1, 2, 3], () =>
        Effect.forkChild(ask(5, people))
      )
      yield* Effect.yieldNow
      const [first, ...others] = fibers
      if (first) yield* Fiber.interrupt(first)
      for (const fiber of others)
        expect((yield* Fiber.join(fiber)).answer.kind).toBe("trends")
    })
  )
})
