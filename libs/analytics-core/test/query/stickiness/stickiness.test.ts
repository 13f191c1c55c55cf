import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import fc from "fast-check"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import { stickinessExample } from "../../../src/query/stickiness/Stickiness.ts"
import { stickinessQuery } from "../../../src/query/stickiness/StickinessQuery.ts"
import { askKind } from "../askKind.ts"
import { answer, contextOf } from "../eventStore.ts"
import { storedAll } from "../storedProjects.ts"

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = Date.UTC(2025, 2, 1)

const { ask, peopleOf } = askKind(stickinessQuery, {
  from: "2025-03-01T00:00:00Z",
  to: "2025-03-05T00:00:00Z",
  timezone: "UTC",
  interval: "day"
})

const caseOf = fc.record({
  events: fc.array(
    fc.record({
      person: fc.integer({ min: 1, max: 4 }),
      event: fc.constantFrom("v", "w", "$identify"),
      x: fc.constantFrom(0, 1),
      isBot: fc.boolean(),
      hours: fc.integer({ min: -10, max: 130 })
    }),
    { maxLength: 25 }
  ),
  event: fc.constantFrom("v", undefined),
  x: fc.constantFrom(undefined, 1),
  includeBots: fc.boolean(),
  cumulative: fc.boolean(),
  linkedTo: fc.option(
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 4 })
  ),
  fromHour: fc.constantFrom(0, 0, 7),
  days: fc.integer({ min: 1, max: 5 })
})
type Case = typeof caseOf extends fc.Arbitrary<infer A> ? A : never

/** The people of each count, in the order of the definition. */
const reference = (item: Case): ReadonlyArray<ReadonlyArray<number>> => {
  const from = item.fromHour
  const to = item.days * 24
  const active = new Map<number, Set<number>>()
  for (const { person, event, x, isBot, hours } of item.events) {
    const counts = item.event === undefined ? event !== "$identify" : event === "v"
    if (!counts || (item.x !== undefined && x !== item.x)) continue
    if (hours < from || hours >= to || (isBot && !item.includeBots)) continue
    const owner = item.linkedTo?.[person - 1] ?? person
    active.set(owner, (active.get(owner) ?? new Set()).add(Math.floor(hours / 24)))
  }
  return Array.from({ length: item.days }, (_, index) =>
    [...active]
      .filter(([, days]) =>
        item.cumulative ? days.size > index : days.size === index + 1
      )
      .map(([person]) => person)
      .sort((a, b) => a - b)
  )
}

describe("stickiness", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect(
    "counts people by their active buckets, and says who they are",
    () =>
      Effect.gen(function* () {
        const items = fc.sample(caseOf, Number(process.env["RUNS"] ?? 30))
        const projects = yield* storedAll(
          items.map(({ events, linkedTo }) => ({
            linkedTo,
            events: events.map(({ hours, x, ...event }) => ({
              ...event,
              at: START + hours * HOUR,
              props: { x }
            }))
          }))
        )
        for (const [index, item] of items.entries()) {
          const project = projects[index] ?? 0
          const query = {
            from: new Date(START + item.fromHour * HOUR).toISOString(),
            to: new Date(START + item.days * DAY).toISOString(),
            ...(item.event === undefined ? {} : { event: item.event }),
            cumulative: item.cumulative,
            includeBots: item.includeBots,
            filters:
              item.x === undefined ? [] : [{ property: "x", op: "is", value: item.x }]
          }
          const hasLinks = item.linkedTo !== null
          const want = reference(item)
          const { counts } = yield* ask(query, project, hasLinks)
          expect({ item, counts }).toEqual({
            item,
            counts: want.map(({ length }, position) => ({
              buckets: position + 1,
              people: length
            }))
          })
          const bucket = item.events.length % item.days
          expect(yield* peopleOf(query, { bucket }, project, hasLinks)).toEqual([
            ...(want[bucket] ?? [])
          ])
        }
      }),
    300_000
  )

  effect("answers every number of buckets, also of more than bits hold", () =>
    Effect.gen(function* () {
      const [project = 0] = yield* storedAll([
        {
          events: [
            { person: 1, event: "v", at: START },
            { person: 1, event: "v", at: START + 300 * HOUR },
            { person: 2, event: "v", at: START + 70 * HOUR }
          ]
        }
      ])
      for (const hours of [4, 100, 400]) {
        const to = new Date(START + hours * HOUR).toISOString()
        const { counts } = yield* ask({ interval: "hour", event: "v", to }, project)
        expect(counts.map(({ buckets }) => buckets)).toEqual(
          Array.from({ length: hours }, (_, index) => index + 1)
        )
        expect(counts.slice(0, 3).map(({ people }) => people)).toEqual(
          hours === 4 ? [1, 0, 0] : hours === 100 ? [2, 0, 0] : [1, 1, 0]
        )
      }
      const to = new Date(START + 400 * HOUR).toISOString()
      const request = { interval: "hour", event: "v", to }
      expect(yield* peopleOf(request, { bucket: 0 }, project)).toEqual([2])
      expect(
        yield* peopleOf({ ...request, cumulative: true }, { bucket: 0 }, project)
      ).toEqual([1, 2])
    })
  )

  effect("answers the example, and points at what cannot be asked", () =>
    Effect.gen(function* () {
      const request = yield* decodeStrictly(stickinessQuery.request)(stickinessExample)
      const compiled = yield* stickinessQuery.compile(request, contextOf(0))
      expect((yield* answer(compiled)).counts).toHaveLength(30)
      const cases: ReadonlyArray<[object, string]> = [
        [{ interval: "fortnight" }, "/interval"],
        [{ interval: "minute", to: "2026-03-01T00:00:00Z" }, "/interval"],
        [{ event: "" }, "/event"],
        [{ colour: "red" }, "/colour"]
      ]
      for (const [fault, pointer] of cases) {
        const error = yield* Effect.flip(ask(fault, 1))
        expect(
          error._tag === "QueryInvalid" && error.errors.map((one) => one.pointer)
        ).toEqual([pointer])
      }
      const error = yield* Effect.flip(peopleOf({}, { bucket: 4 }, 1))
      expect(error).toMatchObject({ errors: [{ pointer: "/of/bucket" }] })
    })
  )
})
