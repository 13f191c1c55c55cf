import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import fc from "fast-check"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import { funnelQuery } from "../../../src/query/funnel/FunnelQuery.ts"
import {
  answer,
  contextOf,
  insertEvents,
  insertLinks,
  type TestEvent
} from "../eventStore.ts"
import { furthestAttempt, type ReferenceEvent } from "./referenceFunnel.ts"

const START = Date.UTC(2025, 2, 1)

interface Case {
  readonly events: ReadonlyArray<{
    readonly person: number
    readonly event: string
    readonly at: number
    readonly x: number
  }>
  readonly steps: ReadonlyArray<{ readonly event: string; readonly x?: number }>
  readonly order: "ordered" | "strict" | "unordered"
  readonly exclusions: ReadonlyArray<{ event: string; from: number; to: number }>
  readonly windowMs: number
  /** Whom each of the ids 1 … 3 stands for. */
  readonly linkedTo: ReadonlyArray<number> | null
}

const eventName = fc.constantFrom("A", "B", "C")

const orders = ["ordered", "strict", "unordered"] as const

/** Few names, few values, few instants: repeats, overlaps and ties are the rule. */
const caseOf = (order: Case["order"]): fc.Arbitrary<Case> =>
  fc
    .array(
      fc.record(
        { event: eventName, x: fc.constantFrom(0, 1) },
        { requiredKeys: ["event"] }
      ),
      { minLength: 1, maxLength: 4 }
    )
    .chain((steps) =>
      fc.record({
        steps: fc.constant(steps),
        order: fc.constant(order),
        events: fc.array(
          fc.record({
            person: fc.integer({ min: 1, max: 3 }),
            event: fc.constantFrom("A", "B", "C", "X"),
            at: fc.integer({ min: 0, max: 8 }),
            x: fc.constantFrom(0, 1)
          }),
          { maxLength: 14 }
        ),
        exclusions:
          order === "unordered" || steps.length < 2
            ? fc.constant([])
            : fc.array(
                fc
                  .record({
                    event: fc.constantFrom("X", "A", "C"),
                    from: fc.integer({ min: 1, max: steps.length - 1 }),
                    length: fc.integer({ min: 1, max: 3 })
                  })
                  .map(({ event, from, length }) => ({
                    event,
                    from,
                    to: Math.min(from + length, steps.length)
                  })),
                { maxLength: 2 }
              ),
        windowMs: fc.integer({ min: 1, max: 9 }),
        linkedTo: fc.option(
          fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 3 })
        )
      })
    )

const expected = (funnel: Case) => {
  const people = Map.groupBy(
    funnel.events,
    ({ person }) => funnel.linkedTo?.[person - 1] ?? person
  )
  const attempts = [...people.values()].map((events) =>
    furthestAttempt(
      {
        order: funnel.order,
        steps: funnel.steps.length,
        exclusions: funnel.exclusions.map(({ from, to }) => ({
          from: from - 1,
          to: to - 1
        })),
        windowMs: funnel.windowMs
      },
      events.map(
        (event, index): ReferenceEvent => ({
          at: event.at,
          messageId: String(index),
          steps: matching(
            funnel.steps,
            (step) =>
              step.event === event.event && (step.x === undefined || step.x === event.x)
          ),
          exclusions: matching(
            funnel.exclusions,
            (exclusion) => exclusion.event === event.event
          )
        })
      )
    )
  )
  return funnel.steps.map((_, step) => {
    const waits = attempts
      .filter((times) => times.length > step)
      .map((times) => (times[step] ?? 0) - (times[step - 1] ?? 0))
      .sort((left, right) => left - right)
    return {
      count: waits.length,
      mean: step === 0 || waits.length === 0 ? null : mean(waits),
      median: step === 0 || waits.length === 0 ? null : median(waits)
    }
  })
}

const matching = <T>(list: ReadonlyArray<T>, test: (item: T) => boolean) =>
  new Set(list.flatMap((item, index) => (test(item) ? [index] : [])))

const mean = (numbers: ReadonlyArray<number>) =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length

const median = (sorted: ReadonlyArray<number>) =>
  mean(
    sorted.slice(Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2) + 1)
  )

const ask = (funnel: Case, project: number) =>
  Effect.gen(function* () {
    const request = yield* decodeStrictly(funnelQuery.request)({
      kind: "funnel",
      from: new Date(START).toISOString(),
      to: new Date(START + 1000).toISOString(),
      order: funnel.order,
      steps: funnel.steps.map(({ event, x }) => ({
        event,
        ...(x === undefined ? {} : { filters: [{ property: "x", op: "is", value: x }] })
      })),
      windowSeconds: funnel.windowMs / 1000,
      ...(funnel.exclusions.length === 0
        ? {}
        : {
            exclusions: funnel.exclusions.map(({ event, from, to }) => ({
              event,
              fromStep: from,
              toStep: to
            }))
          })
    })
    const compiled = yield* funnelQuery.compile(request, {
      ...contextOf(project),
      hasLinks: funnel.linkedTo !== null
    })
    const { groups } = yield* answer(compiled)
    return groups[0]?.steps.map(({ count, meanSeconds, medianSeconds }) => ({
      count,
      mean: milliseconds(meanSeconds),
      median: milliseconds(medianSeconds)
    }))
  })

const milliseconds = (seconds: number | null) =>
  seconds === null ? null : Number((seconds * 1000).toFixed(6))

const RUNS = Number(process.env["FUNNEL_RUNS"] ?? 60)

let nextProject = 1

/** Every case is a project of its own, so that one insert stores them all. */
const stored = Effect.fnUntraced(function* (cases: ReadonlyArray<Case>, parts = 1) {
  const first = nextProject
  nextProject += cases.length
  const events = cases.flatMap((funnel, index) =>
    funnel.events.map(
      (event, position): TestEvent => ({
        project: first + index,
        event: event.event,
        at: START + event.at,
        person: event.person,
        messageId: `m${position}`,
        props: { x: event.x }
      })
    )
  )
  for (let part = 0; part < parts; part++)
    yield* insertEvents(events.filter((_, index) => index % parts === part))
  yield* insertLinks(
    cases.flatMap(({ linkedTo }, index) =>
      (linkedTo ?? []).map((person, id) => ({
        project: first + index,
        id: id + 1,
        person,
        knownAt: START,
        version: 1
      }))
    )
  )
  return first
})

describe("funnel, against every attempt tried", () => {
  const { effect } = withLayer(TestClickHouse.client)

  for (const order of orders)
    effect(
      `${order}: the same counts and times`,
      () =>
        Effect.gen(function* () {
          const cases = fc.sample(caseOf(order), RUNS)
          const first = yield* stored(cases)
          for (const [index, funnel] of cases.entries()) {
            const found = yield* ask(funnel, first + index)
            const want = expected(funnel).map(({ count, mean, median }) => ({
              count,
              mean: mean === null ? null : Number(mean.toFixed(6)),
              median
            }))
            expect({ funnel, answer: found }).toEqual({ funnel, answer: want })
          }
        }),
      300_000
    )

  effect(
    "no more people reach a step than the one before it",
    () =>
      Effect.gen(function* () {
        const cases = fc.sample(
          fc.constantFrom(...orders).chain((order) => caseOf(order)),
          RUNS / 2
        )
        const first = yield* stored(cases)
        for (const [index, funnel] of cases.entries()) {
          const counts = ((yield* ask(funnel, first + index)) ?? []).map(
            ({ count }) => count
          )
          expect({ funnel, counts }).toEqual({
            funnel,
            counts: counts.toSorted((a, b) => b - a)
          })
        }
      }),
    300_000
  )

  effect(
    "the order of arrival changes nothing",
    () =>
      Effect.gen(function* () {
        const cases = fc.sample(
          fc.constantFrom(...orders).chain((order) => caseOf(order)),
          RUNS / 2
        )
        const first = yield* stored(cases)
        // The other way round, and in several parts.
        const second = yield* stored(
          cases.map((funnel) => ({ ...funnel, events: funnel.events.toReversed() })),
          3
        )
        for (const [index, funnel] of cases.entries())
          expect({ funnel, answer: yield* ask(funnel, second + index) }).toEqual({
            funnel,
            answer: yield* ask(funnel, first + index)
          })
      }),
    300_000
  )
})
