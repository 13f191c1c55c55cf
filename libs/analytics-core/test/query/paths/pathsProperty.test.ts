import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect, type Schema } from "effect"
import fc from "fast-check"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import type { Edge } from "../../../src/query/paths/Paths.ts"
import { pathsQuery } from "../../../src/query/paths/PathsQuery.ts"
import { render } from "../../../src/query/Sql.ts"
import { answer, contextOf, insertEvents, insertLinks } from "../eventStore.ts"
import {
  type Activity,
  activity,
  asked,
  rowsOf,
  START
} from "../sessions/drawnActivity.ts"
import {
  propertyOf,
  type ReferenceSession,
  referenceSessions
} from "../sessions/referenceSessions.ts"

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.constantFrom("/", "/a") },
  { weight: 1, arbitrary: fc.constantFrom("a", 1, "1", true) }
)
const question = fc.record({
  ...asked,
  start: step,
  end: step,
  contains: step,
  collapseRepeats: fc.constantFrom(undefined, true, false),
  maxSteps: fc.constantFrom(undefined, 1, 2, 3),
  positions: fc.constantFrom(undefined, true, false),
  minCount: fc.constantFrom(undefined, 1, 2)
})
type Question = typeof question extends fc.Arbitrary<infer A> ? A : never

/** The steps of a session as semantics define them; none where it is left out. */
const stepsOf = (
  { events }: ReferenceSession,
  asked: Question
): ReadonlyArray<Schema.Json> => {
  let steps = events
    .map((event) => propertyOf(event, asked.property))
    .filter((value) => value !== null)
  if (asked.collapseRepeats !== false)
    steps = steps.filter((value, index) => index === 0 || value !== steps[index - 1])
  if (asked.start !== undefined) {
    if (!steps.includes(asked.start)) return []
    steps = steps.slice(steps.indexOf(asked.start))
  }
  if (asked.end !== undefined) {
    const at = steps.indexOf(asked.end, asked.start === undefined ? 0 : 1)
    if (at < 0) return []
    steps = steps.slice(0, at + 1)
  }
  steps = steps.slice(0, asked.maxSteps ?? 5)
  return asked.contains === undefined || steps.includes(asked.contains) ? steps : []
}

const edgesOf = (
  sessions: ReadonlyArray<ReadonlyArray<Schema.Json>>,
  { minCount = 1, positions = true }: Question
): ReadonlyArray<string> => {
  const counts = new Map<string, number>()
  for (const steps of sessions)
    steps.slice(1).forEach((to, index) => {
      const edge = { from: steps[index] ?? null, to, position: index + 1 }
      const key = written(positions ? edge : { from: edge.from, to })
      counts.set(key, (counts.get(key) ?? 0) + 1)
    })
  return [...counts]
    .filter(([, count]) => count >= minCount)
    .map(([key, count]) => `${key} ${count}`)
    .sort()
}

const written = ({ from, position, to }: Omit<Edge, "count">) =>
  `${position ?? "-"} ${JSON.stringify([from, to])}`

const present = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

describe("paths on a real ClickHouse", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect("are what the definition says, for any events and any question", () =>
    Effect.gen(function* () {
      const services = yield* Effect.context<ClickHouse>()
      const clickhouse = yield* ClickHouse
      let project = 7000
      const check = Effect.fnUntraced(function* (
        drawn: Activity,
        questions: ReadonlyArray<Question>
      ) {
        project++
        const { events, links } = rowsOf(drawn, project)
        if (events.length > 0) yield* insertEvents(events)
        if (links.length > 0) yield* insertLinks(links)
        for (const item of questions) {
          const { fromOffset, length, watermark, ...wire } = item
          const from = START + fromOffset
          const to = from + length
          const context = {
            ...contextOf(project),
            watermark,
            hasLinks: links.length > 0
          }
          const request = yield* decodeStrictly(pathsQuery.request)({
            kind: "paths",
            from: new Date(from).toISOString(),
            to: new Date(to).toISOString(),
            ...present(wire)
          })
          const found = yield* answer(yield* pathsQuery.compile(request, context))
          const sessions = referenceSessions(events, links, {
            ...item,
            from,
            to,
            timeoutMs: (item.timeoutSeconds ?? 1800) * 1000
          })
          const steps = sessions.map((session) => stepsOf(session, item))
          expect(
            found.edges.map((edge) => `${written(edge)} ${edge.count}`).sort()
          ).toEqual([...edgesOf(steps, item)])
          const counts = found.edges.map(({ count }) => count)
          expect(counts).toEqual(counts.toSorted((a, b) => b - a))
          if (!pathsQuery.people) throw new Error("no people")
          const { params, sql } = render(yield* pathsQuery.people(request, {}, context))
          const people = yield* clickhouse.query(sql, { params })
          const wanted = sessions.filter((_, index) => steps[index]?.length !== 0)
          expect(people.map((row) => Number(row["person"])).sort()).toEqual(
            [...new Set(wanted.map(({ person }) => person))].sort()
          )
        }
      })
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            activity,
            fc.array(question, { minLength: 5, maxLength: 5 }),
            (events, questions) =>
              Effect.runPromiseWith(services)(check(events, questions))
          ),
          { numRuns: Number(process.env["PATHS_RUNS"] ?? 4), endOnFailure: true }
        )
      )
    })
  )

  effect("from a step to the same one end where it comes again", () =>
    Effect.gen(function* () {
      const project = 6999
      yield* insertEvents(
        ["/x", "/", "/a", "/b", "/", "/c"].map((path, index) => ({
          project,
          event: "$pageview",
          type: "page",
          at: START + index,
          messageId: `m${index}`,
          person: 1,
          props: { path }
        }))
      )
      const request = yield* decodeStrictly(pathsQuery.request)({
        kind: "paths",
        from: new Date(START).toISOString(),
        to: new Date(START + 1000).toISOString(),
        start: "/",
        end: "/"
      })
      const compiled = yield* pathsQuery.compile(request, contextOf(project))
      expect((yield* answer(compiled)).edges).toEqual([
        { from: "/", to: "/a", position: 1, count: 1 },
        { from: "/a", to: "/b", position: 2, count: 1 },
        { from: "/b", to: "/", position: 3, count: 1 }
      ])
    })
  )

  effect("take equal steps in a row for one unless asked", () =>
    Effect.gen(function* () {
      const project = 6998
      yield* insertEvents(
        ["/", "/", "/a", "/a"].map((path, index) => ({
          project,
          event: "Seen",
          at: START + index,
          messageId: `m${index}`,
          person: 1,
          props: { path }
        }))
      )
      const ask = Effect.fnUntraced(function* (more: object) {
        const request = yield* decodeStrictly(pathsQuery.request)({
          kind: "paths",
          from: new Date(START).toISOString(),
          to: new Date(START + 1000).toISOString(),
          positions: false,
          ...more
        })
        const compiled = yield* pathsQuery.compile(request, contextOf(project))
        return (yield* answer(compiled)).edges
      })
      const once = [{ from: "/", to: "/a", count: 1 }]
      expect(yield* ask({})).toEqual(once)
      expect(yield* ask({ contains: "/a" })).toEqual(once)
      expect(yield* ask({ contains: "/b" })).toEqual([])
      expect(yield* ask({ maxSteps: 1 })).toEqual([])
      expect(yield* ask({ collapseRepeats: false })).toEqual([
        { from: "/", to: "/", count: 1 },
        { from: "/", to: "/a", count: 1 },
        { from: "/a", to: "/a", count: 1 }
      ])
      expect(yield* ask({ collapseRepeats: false, minCount: 2 })).toEqual([])
    })
  )

  effect("know no people of a transition", () =>
    Effect.gen(function* () {
      const request = yield* decodeStrictly(pathsQuery.request)({
        kind: "paths",
        range: "last_7d"
      })
      if (!pathsQuery.people) throw new Error("no people")
      const refused = yield* Effect.flip(
        pathsQuery.people(request, { step: 1 }, contextOf())
      )
      expect(refused.errors[0]?.pointer).toBe("/of/step")
    })
  )
})
