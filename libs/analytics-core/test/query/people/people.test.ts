import { describe, expect } from "bun:test"
import type { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect, Schema } from "effect"
import fc from "fast-check"
import type { QueryContext } from "../../../src/query/Compiled.ts"
import { FunnelResult } from "../../../src/query/funnel/Funnel.ts"
import { PeopleResult } from "../../../src/query/people/PeopleRequest.ts"
import { parseQuery } from "../../../src/query/Query.ts"
import type { QueryInvalid } from "../../../src/query/QueryInvalid.ts"
import { RetentionResult } from "../../../src/query/retention/Retention.ts"
import { TrendsResult } from "../../../src/query/trends/TrendsResult.ts"
import {
  answer,
  contextOf,
  insertEvents,
  insertLinks,
  type TestEvent
} from "../eventStore.ts"

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = Date.UTC(2025, 2, 1)
const range = { from: "2025-03-01T00:00:00Z", to: "2025-03-06T00:00:00Z" }

const ask = <S extends Schema.Codec<unknown, unknown>>(
  result: S,
  body: unknown,
  context: QueryContext
): Effect.Effect<S["Type"], QueryInvalid, ClickHouse> =>
  Effect.gen(function* () {
    const compiled = yield* (yield* parseQuery(body)).compile(context)
    const answered = yield* Effect.orDie(answer(compiled))
    return Schema.decodeUnknownSync(result)(answered)
  })

/** All pages, which must not repeat anybody. */
const everybody = Effect.fnUntraced(function* (
  body: object,
  context: QueryContext,
  limit = 2
) {
  const found: Array<(typeof PeopleResult.Type)["people"][number]> = []
  let cursor: string | undefined
  for (;;) {
    const page = yield* ask(
      PeopleResult,
      { kind: "people", limit, ...body, ...(cursor === undefined ? {} : { cursor }) },
      context
    )
    expect(page.people.length).toBeLessThanOrEqual(limit)
    found.push(...page.people)
    if (page.nextCursor === null) break
    cursor = page.nextCursor
  }
  expect(new Set(found.map(({ personId }) => personId)).size).toBe(found.length)
  return found
})

let nextProject = 1
const stored = Effect.fnUntraced(function* (
  events: ReadonlyArray<Omit<TestEvent, "messageId" | "project">>
) {
  const project = nextProject++
  yield* insertEvents(
    events.map((event, index) => ({ ...event, messageId: `m${index}`, project }))
  )
  return project
})

const caseOf = fc.record({
  events: fc.array(
    fc.record({
      person: fc.integer({ min: 1, max: 7 }),
      event: fc.constantFrom("a", "b", "c"),
      plan: fc.constantFrom(null, 1, "1"),
      hours: fc.integer({ min: -30, max: 130 })
    }),
    { minLength: 20, maxLength: 40 }
  ),
  /** Whom the ids 1 … 7 stand for: nobody whose own id stands for somebody else. */
  linkedTo: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 }),
  onOrAfter: fc.boolean(),
  windows: fc.constantFrom("calendar", "24h"),
  mode: fc.constantFrom("first_time", "recurring"),
  order: fc.constantFrom("ordered", "strict", "unordered"),
  withGroups: fc.boolean(),
  optional: fc.boolean()
})

describe("the people of a number", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect(
    "are as many as it says, over all pages",
    () =>
      Effect.gen(function* () {
        for (const item of fc.sample(caseOf, Number(process.env["RUNS"] ?? 1))) {
          const project = yield* stored(
            item.events.map(({ event, hours, person, plan }) => ({
              event,
              person,
              at: START + hours * HOUR,
              props: { plan }
            }))
          )
          const { linkedTo } = item
          yield* insertLinks(
            linkedTo.map((person, index) => ({
              project,
              id: index + 4,
              person,
              knownAt: START,
              version: 1
            }))
          )
          const context = { ...contextOf(project), hasLinks: true }
          const breakdown = item.withGroups ? { breakdown: ["plan"] } : {}
          const check = Effect.fnUntraced(function* (
            query: object,
            selection: object,
            count: number | null | undefined
          ) {
            const found = yield* everybody({ of: { query, ...selection } }, context, 4)
            expect({ item, selection, count: found.length }).toEqual({
              item,
              selection,
              count: count ?? 0
            })
          })

          const trends = {
            kind: "trends",
            ...range,
            ...breakdown,
            interval: "day",
            series: [
              { event: "a", measure: "unique_users" },
              { measure: "active_users_trailing_7d", name: "week" }
            ]
          }
          const lines = yield* ask(TrendsResult, trends, context)
          for (const [index, line] of lines.series.entries()) {
            if (index % 2 === 1) continue
            const { breakdown: group, data, name } = line
            const bucket = index % 5
            yield* check(
              trends,
              { series: name, bucket, ...(group ? { breakdown: group } : {}) },
              data[bucket]
            )
          }
          const total = {
            ...trends,
            interval: "none",
            series: [{ event: "a", measure: "unique_users" }]
          }
          for (const line of (yield* ask(TrendsResult, total, context)).series)
            yield* check(
              total,
              line.breakdown ? { breakdown: line.breakdown } : {},
              line.data[0]
            )

          const funnel = {
            kind: "funnel",
            ...range,
            ...breakdown,
            order: item.order,
            windowSeconds: 3 * 86_400,
            steps: [
              { event: "a" },
              ...(item.optional && item.order === "ordered"
                ? [{ event: "c", optional: true }]
                : []),
              { event: "b" }
            ]
          }
          const { groups } = yield* ask(FunnelResult, funnel, context)
          for (const group of groups.slice(0, 2)) {
            const selected = group.breakdown ? { breakdown: group.breakdown } : {}
            const counts = group.steps.map(({ count }) => count)
            for (const [index, count] of counts.entries())
              yield* check(funnel, { step: index + 1, ...selected }, count)
            if (counts.length === 2)
              yield* check(
                funnel,
                { droppedAfterStep: 1, ...selected },
                (counts[0] ?? 0) - (counts[1] ?? 0)
              )
          }

          const retention = {
            kind: "retention",
            ...range,
            mode: item.mode,
            start: { event: "a" },
            return: { event: "b" },
            interval: "day",
            periods: 3,
            onOrAfter: item.onOrAfter,
            windows: item.windows
          }
          const { cohorts } = yield* ask(RetentionResult, retention, context)
          for (const [cohort, period] of [
            [0, 1],
            [1, 0],
            [2, 2],
            [4, 0]
          ] as const)
            yield* check(retention, { cohort, period }, cohorts[cohort]?.counts[period])
        }
      }),
    120_000
  )

  effect("come with their ids, times and latest traits", () =>
    Effect.gen(function* () {
      const identify = (at: number, props: TestEvent["props"], person = 1) => ({
        event: "$identify",
        person,
        at: START + at,
        ...(props ? { props } : {})
      })
      const project = yield* stored([
        { event: "v", person: 1, at: START },
        identify(5, { plan: "pro", "address.city": "Rome", "a\\.b": 1 }),
        // Of another id of theirs, later and earlier.
        identify(9, { plan: "free", address: "none" }, 2),
        identify(1, { plan: "trial", tags: ["x"], big: 1 }, 2),
        { event: "v", person: 3, at: START }
      ])
      yield* insertLinks([{ project, id: 2, person: 1, knownAt: START, version: 1 }])
      const context = { ...contextOf(project), hasLinks: true }
      const [first, second, ...others] = yield* everybody({ event: "v" }, context)
      expect(others).toEqual([])
      expect(first).toEqual({
        personId: "1",
        ids: [],
        traits: { plan: "free", tags: ["x"], big: 1, address: "none", "a.b": 1 },
        firstSeen: new Date(START).toISOString(),
        lastSeen: new Date(START + 9).toISOString()
      })
      expect(second).toMatchObject({ personId: "3", traits: {} })
    })
  )

  effect("are those who did it in the range, or ever", () =>
    Effect.gen(function* () {
      const project = yield* stored([
        { event: "v", person: 1, at: START - DAY },
        { event: "v", person: 2, at: START, props: { x: 1 } },
        { event: "w", person: 3, at: START },
        { event: "$identify", person: 4, at: START }
      ])
      const context = contextOf(project)
      const found = (body: object) =>
        Effect.map(everybody(body, context), (people) =>
          people.map(({ personId }) => personId)
        )
      expect(yield* found({})).toEqual(["1", "2", "3"])
      expect(yield* found(range)).toEqual(["2", "3"])
      expect(yield* found({ event: "v" })).toEqual(["1", "2"])
      const filters = [{ property: "x", op: "is", value: 1 }]
      expect(yield* found({ ...range, filters })).toEqual(["2"])
    })
  )

  effect("of a series of sessions have a session that it counts", () =>
    Effect.gen(function* () {
      const a = (person: number, hours: number, plan: string) => ({
        event: "a",
        person,
        at: START + hours * HOUR,
        props: { plan }
      })
      const project = yield* stored([
        a(1, 1, "free"),
        a(1, 5, "pro"),
        // Begins on the first day, and holds what counts on the second.
        { event: "b", person: 2, at: START + DAY - 60_000 },
        a(2, 24, "free"),
        a(3, 30, "pro"),
        { event: "b", person: 4, at: START + 2 * HOUR }
      ])
      const context = contextOf(project)
      const query = {
        kind: "trends",
        ...range,
        interval: "day",
        series: [{ event: "a", measure: "sessions", name: "S" }]
      }
      const counted = yield* ask(TrendsResult, query, context)
      expect(counted.series[0]?.data.slice(0, 2)).toEqual([3, 1])
      const behind = (selection: object, of: object = query) =>
        Effect.map(everybody({ of: { query: of, ...selection } }, context), (people) =>
          people.map(({ personId }) => personId)
        )
      expect(yield* behind({})).toEqual(["1", "2", "3"])
      expect(yield* behind({ series: "S", bucket: 0 })).toEqual(["1", "2"])
      expect(yield* behind({ bucket: 1 })).toEqual(["3"])
      const grouped = { ...query, breakdown: ["plan"] }
      expect(yield* behind({ breakdown: ["free"] }, grouped)).toEqual(["1", "2"])
      expect(yield* behind({ breakdown: ["pro"], bucket: 0 }, grouped)).toEqual(["1"])
    })
  )

  effect("are refused with the field at fault", () =>
    Effect.gen(function* () {
      const trends = {
        kind: "trends",
        ...range,
        interval: "day",
        series: [
          { event: "a", measure: "unique_users" },
          { event: "a", measure: "total", name: "T" }
        ],
        formula: "A / T"
      }
      const funnel = {
        kind: "funnel",
        ...range,
        steps: [{ event: "a" }, { event: "b" }],
        windowSeconds: 60
      }
      const retention = {
        kind: "retention",
        ...range,
        mode: "recurring",
        start: {},
        return: {},
        interval: "day",
        periods: 3
      }
      const refusals: ReadonlyArray<readonly [object, string]> = [
        [{ of: { query: trends } }, "/of/series"],
        [{ of: { query: trends, series: "A / T" } }, "/of/series"],
        [{ of: { query: trends, series: "A", bucket: 5 } }, "/of/bucket"],
        [{ of: { query: trends, series: "A", step: 1 } }, "/of/step"],
        [{ of: { query: trends, series: "A", breakdown: [1] } }, "/of/breakdown"],
        [{ of: { query: funnel } }, "/of/step"],
        [{ of: { query: funnel, step: 3 } }, "/of/step"],
        [{ of: { query: funnel, droppedAfterStep: 2 } }, "/of/droppedAfterStep"],
        [{ of: { query: funnel, step: 1, droppedAfterStep: 1 } }, "/of/step"],
        [{ of: { query: retention } }, "/of/cohort"],
        [{ of: { query: retention, cohort: 5 } }, "/of/cohort"],
        [{ of: { query: retention, cohort: 4, period: 1 } }, "/of/period"],
        [{ of: { query: { ...funnel, steps: [] }, step: 1 } }, "/of/query/steps"],
        [{ of: { query: { ...funnel, to: range.from }, step: 1 } }, "/of/query/to"],
        [{ of: { query: { kind: "people" } } }, "/of/query/kind"],
        [{ of: { query: { kind: "unheard" } } }, "/of/query/kind"],
        [{ of: { query: funnel, step: 1 }, event: "a" }, "/event"],
        [{ of: { query: { ...funnel, asOf: range.from }, step: 1 } }, "/of/query/asOf"],
        [{ limit: 1001 }, "/limit"]
      ]
      for (const [body, pointer] of refusals) {
        const refused = yield* Effect.flip(
          ask(PeopleResult, { kind: "people", ...body }, contextOf())
        )
        expect({ body, pointer: refused.errors[0]?.pointer }).toEqual({ body, pointer })
      }
    })
  )
})
