import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import fc from "fast-check"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import {
  lifecycleExample,
  lifecycleStates
} from "../../../src/query/lifecycle/Lifecycle.ts"
import { lifecycleQuery } from "../../../src/query/lifecycle/LifecycleQuery.ts"
import { askKind } from "../askKind.ts"
import { answer, contextOf } from "../eventStore.ts"
import { storedAll } from "../storedProjects.ts"
import { lifecycle, type ReferenceEvent } from "./referenceLifecycle.ts"

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = Date.UTC(2025, 2, 3)

const { ask, peopleOf } = askKind(lifecycleQuery, {
  from: "2025-03-03T00:00:00Z",
  to: "2025-03-07T00:00:00Z",
  timezone: "UTC",
  interval: "day"
})

const caseOf = fc.record({
  events: fc.array(
    fc.record({
      person: fc.integer({ min: 1, max: 4 }),
      event: fc.constantFrom("v", "v", "w", "$identify"),
      x: fc.constantFrom(0, 1),
      hours: fc.integer({ min: -60, max: 110 })
    }),
    { maxLength: 25 }
  ),
  event: fc.constantFrom("v", undefined),
  x: fc.constantFrom(undefined, 1),
  linkedTo: fc.option(
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 4 })
  ),
  fromHour: fc.constantFrom(0, 0, 7),
  toHour: fc.constantFrom(24, 72, 96, 90)
})

describe("lifecycle", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect(
    "puts every person into the state that the definition says",
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
          const from = START + item.fromHour * HOUR
          const to = START + item.toHour * HOUR
          const query = {
            from: new Date(from).toISOString(),
            to: new Date(to).toISOString(),
            ...(item.event === undefined ? {} : { event: item.event }),
            filters:
              item.x === undefined ? [] : [{ property: "x", op: "is", value: item.x }]
          }
          const events = item.events.flatMap(
            ({ person, event, x, hours }): ReadonlyArray<ReferenceEvent> =>
              (item.event === undefined ? event !== "$identify" : event === "v") &&
              (item.x === undefined || x === item.x)
                ? [
                    {
                      person: item.linkedTo?.[person - 1] ?? person,
                      at: START + hours * HOUR
                    }
                  ]
                : []
          )
          const days = Math.ceil(item.toHour / 24)
          const starts = Array.from({ length: days }, (_, day) => START + day * DAY)
          const want = lifecycle({ starts, before: START - DAY, from, to }, events)
          const hasLinks = item.linkedTo !== null
          const got = yield* ask(query, project, hasLinks)
          const sizes = (state: (typeof lifecycleStates)[number]) =>
            want.map((people) => people[state].length)
          expect({ item, got }).toEqual({
            item,
            got: {
              buckets: starts.map((start) => new Date(start).toISOString()),
              labels: starts.map((start) => new Date(start).toISOString().slice(0, 10)),
              new: sizes("new"),
              returning: sizes("returning"),
              resurrecting: sizes("resurrecting"),
              dormant: sizes("dormant").map((size) => 0 - size)
            }
          })
          const bucket = item.events.length % days
          const series = lifecycleStates[item.events.length % 4] ?? "new"
          expect({
            item,
            people: yield* peopleOf(query, { series, bucket }, project, hasLinks)
          }).toEqual({ item, people: [...(want[bucket]?.[series] ?? [])] })
        }
      }),
    300_000
  )

  effect("knows the bucket before the range, however many buckets there are", () =>
    Effect.gen(function* () {
      const [project = 0] = yield* storedAll([
        {
          events: [
            { person: 1, event: "v", at: START - HOUR },
            { person: 2, event: "v", at: START - HOUR },
            { person: 2, event: "v", at: START },
            { person: 3, event: "v", at: START + 299 * HOUR },
            { person: 3, event: "v", at: START + 300 * HOUR }
          ]
        }
      ])
      for (const hours of [1, 70, 302]) {
        const to = new Date(START + hours * HOUR).toISOString()
        const got = yield* ask({ interval: "hour", to }, project)
        expect(got.dormant.slice(0, 3)).toEqual([-1, -1, 0].slice(0, hours))
        expect(got.returning[0]).toBe(1)
        if (hours === 302)
          expect([got.new[299], got.returning[300], got.dormant[301]]).toEqual([
            1, 1, -1
          ])
      }
      const week = { from: "2025-03-03T00:00:00Z", to: "2025-03-10T00:00:00Z" }
      expect(yield* ask({ ...week, interval: "week" }, project)).toMatchObject({
        new: [0],
        returning: [1],
        dormant: [-1]
      })
    })
  )

  effect("counts a person of a state once over the whole range", () =>
    Effect.gen(function* () {
      const [project = 0] = yield* storedAll([
        {
          events: [0, 1, 2].map((day) => ({
            person: 1,
            event: "v",
            at: START + day * DAY
          }))
        }
      ])
      expect(yield* peopleOf({}, { series: "returning" }, project)).toEqual([1])
      expect(yield* peopleOf({}, { series: "resurrecting" }, project)).toEqual([])
    })
  )

  effect("answers the example, and points at what cannot be asked", () =>
    Effect.gen(function* () {
      const request = yield* decodeStrictly(lifecycleQuery.request)(lifecycleExample)
      const compiled = yield* lifecycleQuery.compile(request, contextOf(0))
      expect((yield* answer(compiled)).new.length).toBeGreaterThan(4)
      const cases: ReadonlyArray<[object, string]> = [
        [{ interval: "none" }, "/interval"],
        [{ interval: "minute", to: "2026-03-01T00:00:00Z" }, "/interval"],
        [{ from: "1900-01-01T00:00:00Z", interval: "year" }, "/from"],
        [{ cumulative: true }, "/cumulative"]
      ]
      for (const [fault, pointer] of cases) {
        const error = yield* Effect.flip(ask(fault, 1))
        expect(
          error._tag === "QueryInvalid" && error.errors.map((one) => one.pointer)
        ).toEqual([pointer])
      }
      for (const [selection, pointer] of [
        [{}, "/of/series"],
        [{ series: "old" }, "/of/series"],
        [{ series: "new", bucket: 4 }, "/of/bucket"],
        [{ series: "new", step: 1 }, "/of/step"]
      ] as const)
        expect(yield* Effect.flip(peopleOf({}, selection, 1))).toMatchObject({
          errors: [{ pointer }]
        })
    })
  )
})
