import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import fc from "fast-check"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import { retentionExample } from "../../../src/query/retention/Retention.ts"
import { retentionQuery } from "../../../src/query/retention/RetentionQuery.ts"
import {
  answer,
  contextOf,
  insertEvents,
  insertLinks,
  type TestEvent
} from "../eventStore.ts"
import { retention } from "./referenceRetention.ts"

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = Date.UTC(2025, 2, 1)

const ask = Effect.fnUntraced(function* (
  request: Record<string, unknown>,
  project: number,
  hasLinks = false
) {
  const decoded = yield* decodeStrictly(retentionQuery.request)({
    kind: "retention",
    from: "2025-03-01T00:00:00Z",
    timezone: "UTC",
    mode: "recurring",
    start: { event: "v" },
    return: { event: "v" },
    interval: "day",
    periods: 4,
    ...request
  })
  const compiled = yield* retentionQuery.compile(decoded, {
    ...contextOf(project),
    hasLinks
  })
  return (yield* answer(compiled)).cohorts
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

const linked = (project: number, people: ReadonlyArray<number>) =>
  people.length === 0
    ? Effect.void
    : insertLinks(
        people.map((person, index) => ({
          project,
          id: index + 1,
          person,
          knownAt: START,
          version: 1
        }))
      )

const caseOf = fc.record({
  events: fc.array(
    fc.record({
      person: fc.integer({ min: 1, max: 4 }),
      event: fc.constantFrom("s", "r", "$identify"),
      x: fc.constantFrom(0, 1),
      hours: fc.integer({ min: -30, max: 130 })
    }),
    { maxLength: 25 }
  ),
  mode: fc.constantFrom("first_time" as const, "recurring" as const),
  onOrAfter: fc.boolean(),
  windows: fc.constantFrom("calendar" as const, "24h" as const),
  startsAre: fc.constantFrom("s", "s with x", "anything"),
  returnsAre: fc.constantFrom("r", "s"),
  /** Whom each of the ids 1 … 4 stands for: chains of one link. */
  linkedTo: fc.option(
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 4 })
  ),
  periods: fc.integer({ min: 1, max: 5 }),
  days: fc.integer({ min: 1, max: 5 }),
  fromHour: fc.constantFrom(0, 0, 7)
})

describe("retention", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect(
    "answers what the definition of each cell says",
    () =>
      Effect.gen(function* () {
        for (const item of fc.sample(caseOf, Number(process.env["RUNS"] ?? 80))) {
          const project = yield* stored(
            item.events.map(({ person, event, x, hours }) => ({
              person,
              event,
              at: START + hours * HOUR,
              props: { x }
            }))
          )
          const personOf = (id: number) => item.linkedTo?.[id - 1] ?? id
          yield* linked(project, item.linkedTo ?? [])
          const from = START + item.fromHour * HOUR
          const to = START + item.days * DAY
          const found = yield* ask(
            {
              from: new Date(from).toISOString(),
              to: new Date(to).toISOString(),
              mode: item.mode,
              onOrAfter: item.onOrAfter,
              windows: item.windows,
              periods: item.periods,
              start:
                item.startsAre === "anything"
                  ? {}
                  : item.startsAre === "s"
                    ? { event: "s" }
                    : { event: "s", filters: [{ property: "x", op: "is", value: 1 }] },
              return: { event: item.returnsAre }
            },
            project,
            item.linkedTo !== null
          )
          const want = retention(
            {
              mode: item.mode,
              periods: item.periods,
              onOrAfter: item.onOrAfter,
              ...(item.windows === "24h" ? { windowMs: DAY } : {}),
              starts: Array.from({ length: item.days }, (_, day) => START + day * DAY),
              from,
              to
            },
            item.events.map(({ person, event, x, hours }) => ({
              person: personOf(person),
              at: START + hours * HOUR,
              isStart:
                item.startsAre === "anything"
                  ? event !== "$identify"
                  : event === "s" && (item.startsAre === "s" || x === 1),
              isReturn: event === item.returnsAre
            }))
          )
          expect({ item, counts: found.map(({ counts }) => counts) }).toEqual({
            item,
            counts: want.map((row) => [...row])
          })
        }
      }),
    300_000
  )

  effect("gives rates of the cohort, null where there is none", () =>
    Effect.gen(function* () {
      const project = yield* stored([
        { person: 1, event: "v", at: START },
        { person: 2, event: "v", at: START },
        { person: 1, event: "v", at: START + DAY }
      ])
      expect(yield* ask({ mode: "first_time", periods: 2 }, project)).toEqual([
        { start: "2025-03-01T00:00:00.000Z", size: 2, counts: [2, 1], rates: [1, 0.5] },
        { start: "2025-03-02T00:00:00.000Z", size: 0, counts: [0], rates: [null] }
      ])
    })
  )

  effect("counts more periods than a number has bits", () =>
    Effect.gen(function* () {
      const project = yield* stored([
        { person: 1, event: "v", at: START },
        { person: 1, event: "v", at: START + 99 * DAY + HOUR }
      ])
      const cohorts = yield* ask({ periods: 100 }, project)
      expect(cohorts).toHaveLength(100)
      expect(cohorts[0]?.counts[99]).toBe(1)
      expect(cohorts[99]?.counts).toEqual([1])
    })
  )

  effect("has no cohort for people without a start, even since 1970", () =>
    Effect.gen(function* () {
      const project = yield* stored([
        { person: 1, event: "v", at: HOUR },
        { person: 1, event: "r", at: 2 * HOUR },
        { person: 2, event: "r", at: HOUR }
      ])
      for (const windows of ["calendar", "24h"])
        expect(
          yield* ask(
            {
              from: "1970-01-01T00:00:00Z",
              mode: "first_time",
              return: { event: "r" },
              periods: 1,
              windows
            },
            project
          )
        ).toMatchObject([{ size: 1 }])
    })
  )

  effect("ends a range without `to` on the wall clock", () =>
    Effect.gen(function* () {
      const project = yield* stored([])
      const cohorts = yield* ask(
        {
          from: "2025-01-31T05:00:00Z",
          timezone: "America/New_York",
          interval: "month",
          periods: 2
        },
        project
      )
      expect(cohorts.map(({ start }) => start)).toEqual([
        "2025-01-01T05:00:00.000Z",
        "2025-02-01T05:00:00.000Z",
        "2025-03-01T05:00:00.000Z"
      ])
    })
  )

  effect("answers the example, and points at what cannot be asked", () =>
    Effect.gen(function* () {
      const { kind: _, ...example } = retentionExample
      expect(yield* ask(example, nextProject++)).toHaveLength(8)
      const cases: ReadonlyArray<[Record<string, unknown>, string]> = [
        [{ periods: 0 }, "/periods"],
        [{ periods: 1001 }, "/periods"],
        [{ periods: 1000, interval: "minute" }, "/periods"],
        [{ windows: "24h", interval: "month" }, "/windows"],
        [{ mode: "sometimes" }, "/mode"],
        [{ colour: "red" }, "/colour"]
      ]
      for (const [request, pointer] of cases) {
        const error = yield* Effect.flip(ask(request, 1))
        expect(
          error._tag === "QueryInvalid" && error.errors.map(({ pointer }) => pointer)
        ).toEqual([pointer])
      }
    })
  )
})
