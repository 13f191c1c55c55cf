import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect } from "effect"
import fc from "fast-check"
import { Queries } from "../../src/query/Queries.ts"
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

const MINUTE = 60_000
const isLong = process.env["TEST_LONG"] === "1"

const day = (index: number) => new Date(START + index * DAY).toISOString()
const all = { from: day(0), to: day(8) }
/** Most of what becomes known lies outside of it. */
const few = { from: day(2), to: day(4) }
const LISTED = "00000000-0000-4000-8000-00000000000"
const steps = [{ event: "a" }, { event: "b" }]
const one = (measure: string, event?: string) => ({
  kind: "trends",
  series: [{ measure, ...(event ? { event } : {}) }],
  interval: "day"
})

const questionsOf = (project: number) => [
  { ...one("total", "a"), ...all },
  { ...one("total", "a"), ...few },
  { ...one("unique_users"), ...few },
  { ...one("unique_users", "b"), ...all, breakdown: ["user.plan"] },
  { ...one("active_users_trailing_7d"), ...few },
  { ...one("sessions"), ...few, compare: { from: day(5), to: day(7) } },
  {
    ...one("unique_users", "a"),
    ...few,
    cohort: `${LISTED}1`.replace("0000", ofTest(project))
  },
  {
    ...one("unique_users", "a"),
    ...few,
    cohort: `${LISTED}2`.replace("0000", ofTest(project))
  },
  { kind: "funnel", steps, windowSeconds: 172_800, order: "ordered", ...all },
  { kind: "funnel", steps, windowSeconds: 172_800, order: "strict", ...few },
  {
    kind: "retention",
    ...{ mode: "first_time", start: steps[0], return: steps[1] },
    ...{ interval: "day", periods: 3, windows: "24h", ...few }
  },
  { kind: "lifecycle", interval: "day", event: "a", ...few },
  { kind: "stickiness", interval: "day", ...few },
  { kind: "sessions", ...few },
  { kind: "paths", property: "$event", ...few }
]

const ofTest = (project: number) => String(project).padStart(4, "0")

const id = fc.integer({ min: 1, max: 6 })
const when = {
  day: fc.integer({ min: 0, max: 9 }),
  minute: fc.integer({ min: 0, max: 1439 })
}

/** What may happen between two looks. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant("event" as const),
      event: fc.constantFrom("a", "b", "$identify"),
      id,
      ...when
    })
  },
  fc.record({
    op: fc.constant("backdated" as const),
    event: fc.constantFrom("a", "b"),
    id,
    ...when
  }),
  fc.record({ op: fc.constant("link" as const), id, to: id }),
  fc.record({ op: fc.constant("undo" as const), id }),
  fc.record({ op: fc.constant("list" as const), id, isMember: fc.boolean() }),
  fc.record({ op: fc.constant("define" as const), event: fc.constantFrom("a", "b") }),
  fc.record({ op: fc.constant("hide" as const), id }),
  // Nothing is kept until then, so that it must not take long to come.
  { weight: 4, arbitrary: fc.record({ op: fc.constant("removed" as const) }) },
  fc.record({
    op: fc.constant("zone" as const),
    zone: fc.constantFrom("UTC", "Asia/Kolkata")
  }),
  { weight: 4, arbitrary: fc.record({ op: fc.constant("nothing" as const) }) }
)
type Step = typeof step extends fc.Arbitrary<infer A> ? A : never

interface Course {
  readonly project: number
  zone: string
  hidden: Set<number>
}

const happen = Effect.fnUntraced(function* (course: Course, it: Step) {
  const { project } = course
  world.watermark += 10 * MINUTE
  const knownAt = world.watermark
  const own = { project_id: project }
  const cohort = (list: number) => `${LISTED}${list}`.replace("0000", ofTest(project))
  const clickhouse = yield* ClickHouse
  switch (it.op) {
    case "event":
    case "backdated": {
      const at = START + it.day * DAY + it.minute * MINUTE
      const row = {
        id: it.id,
        at,
        knownAt: it.op === "event" ? knownAt : knownAt - 5 * DAY,
        sealedAt: knownAt,
        ...(it.event === "$identify" ? { props: { plan: `"p${it.minute % 2}"` } } : {})
      }
      return yield* insert("events", [eventRow(project, it.event, row)])
    }
    case "link":
    case "undo":
      return yield* insert("person_links", [
        {
          ...{ ...own, id_hash: String(it.id), known_at: knownAt },
          ...{ person: String(it.op === "link" ? it.to : it.id) },
          version: knownAt * 1000
        }
      ])
    case "list":
      return yield* insert("cohort_ids", [
        {
          ...{ ...own, cohort: cohort(1), id_hash: String(it.id) },
          ...{ changed_at: knownAt * 1000, is_member: it.isMember ? 1 : 0 }
        }
      ])
    case "define":
      return yield* makeCohort(project, cohort(2), {
        type: "dynamic",
        rule: { did: { event: it.event, atLeast: 2 } }
      })
    case "hide":
      world.removing.add(project)
      world.removed.set(project, knownAt)
      course.hidden.add(it.id)
      return yield* insert("removals", [
        {
          ...{ ...own, removal: crypto.randomUUID(), is_range: 0 },
          ...{ id_hash: String(it.id), received_until: START + 20 * DAY },
          known_until: knownAt
        }
      ])
    case "removed": {
      if (!world.removing.has(project)) return
      const gone = [...course.hidden].join(",")
      yield* Effect.forEach(
        [
          `ALTER TABLE events DELETE WHERE project_id = ${project} AND id_hash IN (${gone})`,
          `ALTER TABLE person_links DELETE WHERE project_id = ${project} AND (id_hash IN (${gone}) OR person IN (${gone}))`,
          `ALTER TABLE cohort_ids DELETE WHERE project_id = ${project} AND id_hash IN (${gone})`,
          `ALTER TABLE removals DELETE WHERE project_id = ${project}`
        ],
        (sql) => clickhouse.command(sql, { settings: { mutations_sync: "2" } })
      )
      course.hidden.clear()
      world.removing.delete(project)
      return
    }
    case "zone":
      course.zone = it.zone
      return
    default:
      return
  }
})

describe("a kept answer", () => {
  const it = withLayer(ResultsTest)
  let projects = 100
  const seen = { asked: 0, cached: 0 }

  const run = (steps: ReadonlyArray<Step>, chosen: ReadonlyArray<number>) =>
    Effect.gen(function* () {
      const queries = yield* Queries
      const results = yield* Results
      const project = projects++
      const course: Course = { project, zone: "UTC", hidden: new Set() }
      yield* makeProject(project)
      const questions = questionsOf(project)
      for (const [list, definition] of [
        { type: "static" },
        { type: "dynamic", rule: { did: { event: "a" } } }
      ].entries())
        yield* makeCohort(
          project,
          `${LISTED}${list + 1}`.replace("0000", ofTest(project)),
          definition
        )
      for (const it of steps) {
        yield* happen(course, it)
        for (const index of chosen) {
          const question = questions[index % questions.length]
          const asking = { id: project, timezone: course.zone }
          const { answer, keptAt } = yield* results.answer(asking, question)
          const fresh = yield* queries.answer(asking, question)
          expect({ it, question, result: answer.result }).toEqual({
            it,
            question,
            result: fresh.result
          })
          expect(answer.meta.asOf).toBe(fresh.meta.asOf)
          expect(answer.meta.cached).toBe(keptAt !== null)
          seen.asked++
          if (answer.meta.cached) seen.cached++
        }
      }
    })

  it.effect(
    "is the fresh one, whatever became known",
    () =>
      Effect.gen(function* () {
        const context = yield* Effect.context<Effect.Services<ReturnType<typeof run>>>()
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(
              fc.array(step, { minLength: 8, maxLength: isLong ? 16 : 12 }),
              fc.uniqueArray(fc.nat(14), { minLength: 2, maxLength: isLong ? 3 : 2 }),
              (steps, chosen) =>
                Effect.runPromise(
                  run(steps, chosen).pipe(Effect.provideContext(context))
                )
            ),
            { numRuns: isLong ? 200 : 2, endOnFailure: !isLong }
          )
        )
        // Else nothing was seen.
        expect(seen.cached).toBeGreaterThan(seen.asked / 10)
        expect(seen.cached).toBeLessThan(seen.asked)
      }),
    // Rows are removed for good in it, which takes a busy machine long.
    isLong ? 1_800_000 : 180_000
  )
})
