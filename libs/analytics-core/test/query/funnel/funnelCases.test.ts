import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import {
  funnelExample,
  MAX_EXCLUSIONS,
  MAX_OVERLAPPING_UNORDERED,
  MAX_STEPS
} from "../../../src/query/funnel/Funnel.ts"
import { funnelQuery } from "../../../src/query/funnel/FunnelQuery.ts"
import { answer, contextOf, insertEvents, type TestEvent } from "../eventStore.ts"

const start = Date.UTC(2025, 2, 1)
const minute = 60_000
let nextProject = 100

const ask = Effect.fnUntraced(function* (
  request: Record<string, unknown>,
  events: ReadonlyArray<Omit<TestEvent, "messageId"> & { messageId?: string }>
) {
  const project = nextProject++
  yield* insertEvents(
    events.map((event, index) => ({ messageId: `m${index}`, ...event, project }))
  )
  const decoded = yield* decodeStrictly(funnelQuery.request)({
    kind: "funnel",
    from: "2025-03-01T00:00:00Z",
    to: "2025-03-10T00:00:00Z",
    windowSeconds: 3600,
    ...request
  })
  const compiled = yield* funnelQuery.compile(decoded, contextOf(project))
  return (yield* answer(compiled)).groups
})

const counts = (groups: Effect.Success<ReturnType<typeof ask>>) =>
  groups[0]?.steps.map(({ count }) => count)

const at = (person: number, event: string, minutes: number, props = {}) => ({
  person,
  event,
  at: start + minutes * minute,
  props
})

describe("funnel", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect("counts, rates, means and medians of the earliest furthest attempt", () =>
    Effect.gen(function* () {
      const groups = yield* ask({ steps: [{ event: "A" }, { event: "B" }] }, [
        at(1, "A", 0),
        at(1, "B", 10),
        at(2, "A", 0),
        at(2, "B", 20),
        at(3, "A", 0),
        at(3, "A", 100),
        at(3, "B", 160),
        at(4, "A", 0),
        at(5, "B", 0)
      ])
      expect(groups).toEqual([
        {
          breakdown: null,
          other: false,
          steps: [
            {
              event: "A",
              count: 4,
              rateFromPrevious: 1,
              rateFromFirst: 1,
              meanSeconds: null,
              medianSeconds: null
            },
            {
              event: "B",
              count: 3,
              rateFromPrevious: 0.75,
              rateFromFirst: 0.75,
              meanSeconds: 1800,
              medianSeconds: 1200
            }
          ]
        }
      ])
    })
  )

  effect("answers zeros and null rates when nobody enters", () =>
    Effect.gen(function* () {
      const groups = yield* ask({ steps: [{ event: "A" }, { event: "B" }] }, [])
      const nothing = {
        count: 0,
        rateFromPrevious: null,
        rateFromFirst: null,
        meanSeconds: null,
        medianSeconds: null
      }
      expect(groups[0]?.steps).toEqual([
        { event: "A", ...nothing },
        { event: "B", ...nothing }
      ])
    })
  )

  effect("ends the window at its last millisecond", () =>
    Effect.gen(function* () {
      const steps = [{ event: "A" }, { event: "B" }]
      for (const order of ["ordered", "strict", "unordered"]) {
        const request = { steps, order }
        const last = [at(1, "A", 0), at(1, "B", 60)]
        expect(counts(yield* ask(request, last))).toEqual([1, 1])
        const late = [at(1, "A", 0), at(1, "B", 60 + 1 / minute)]
        expect(counts(yield* ask(request, late))).toEqual([1, 0])
      }
    })
  )

  effect("fills one step with one event", () =>
    Effect.gen(function* () {
      const request = { steps: [{ event: "A" }, { event: "A" }] }
      expect(counts(yield* ask(request, [at(1, "A", 0)]))).toEqual([1, 0])
      expect(counts(yield* ask(request, [at(1, "A", 0), at(1, "A", 0)]))).toEqual([
        1, 1
      ])
      const unordered = { ...request, order: "unordered" }
      expect(counts(yield* ask(unordered, [at(1, "A", 0)]))).toEqual([1, 0])
    })
  )

  effect("fills optional steps where they lie, and never needs them", () =>
    Effect.gen(function* () {
      const steps = [{ event: "A" }, { event: "B", optional: true }, { event: "C" }]
      const [group] = yield* ask({ steps }, [
        at(1, "A", 0),
        at(1, "B", 5),
        at(1, "C", 10),
        at(2, "A", 0),
        at(2, "C", 30),
        at(2, "B", 40),
        at(3, "A", 0),
        at(3, "B", 7)
      ])
      expect(group?.steps.map(({ count }) => count)).toEqual([3, 2, 2])
      expect(group?.steps.map(({ rateFromPrevious }) => rateFromPrevious)).toEqual([
        1,
        2 / 3,
        2 / 3
      ])
      expect(group?.steps.map(({ meanSeconds }) => meanSeconds)).toEqual([
        null,
        6 * 60,
        (5 + 30) * 30
      ])
    })
  )

  effect("breaks down by the value at a step, whatever its type", () =>
    Effect.gen(function* () {
      const events = [
        at(1, "A", 0, { p: 1 }),
        at(1, "B", 1, { p: "x" }),
        at(2, "A", 0, { p: "1" }),
        at(3, "A", 0, { p: 1 }),
        at(4, "A", 0)
      ]
      const steps = [{ event: "A" }, { event: "B" }]
      const first = yield* ask({ steps, breakdown: ["p"] }, events)
      expect(first.map(({ breakdown, steps }) => [breakdown, steps[1]?.count])).toEqual(
        [
          [[1], 1],
          [[null], 0],
          [["1"], 0]
        ]
      )
      const second = yield* ask({ steps, breakdown: ["p"], breakdownStep: 2 }, events)
      expect(
        second.map(({ breakdown, steps }) => [breakdown, steps[0]?.count])
      ).toEqual([
        [[null], 3],
        [["x"], 1]
      ])
    })
  )

  const values = (groups: Effect.Success<ReturnType<typeof ask>>) =>
    groups.map(({ breakdown, steps }) => [breakdown?.[0], steps[0]?.count])

  effect("breaks down by the event that filled the step, not by its neighbour", () =>
    Effect.gen(function* () {
      const steps = [{ event: "A" }, { event: "B" }]
      const unordered = { steps, order: "unordered", breakdown: ["p"] }
      const again = [
        { ...at(1, "A", 0, { p: "first A" }), messageId: "m1" },
        { ...at(1, "A", 5, { p: "second A" }), messageId: "m2" },
        { ...at(1, "B", 5, { p: "B" }), messageId: "m3" }
      ]
      expect(values(yield* ask({ ...unordered, breakdownStep: 2 }, again))).toEqual([
        ["B", 1]
      ])
      const together = [
        { ...at(1, "A", 0, { p: "A" }), messageId: "m2" },
        { ...at(1, "B", 0, { p: "B" }), messageId: "m1" }
      ]
      expect(values(yield* ask({ ...unordered, breakdownStep: 1 }, together))).toEqual([
        ["B", 1]
      ])
      expect(values(yield* ask({ ...unordered, breakdownStep: 2 }, together))).toEqual([
        ["A", 1]
      ])
      const twice = {
        steps: [{ event: "A" }, { event: "A" }],
        breakdown: ["p"],
        breakdownStep: 2
      }
      const pair = [
        { ...at(1, "A", 0, { p: "one" }), messageId: "m1" },
        { ...at(1, "A", 0, { p: "two" }), messageId: "m2" }
      ]
      expect(values(yield* ask(twice, pair))).toEqual([["two", 1]])
      expect(values(yield* ask({ ...twice, order: "unordered" }, pair))).toEqual([
        ["two", 1]
      ])
    })
  )

  effect(
    "breaks down by the one of an instant's events that leaves the next its own",
    () =>
      Effect.gen(function* () {
        const big = { event: "A", filters: [{ property: "n", op: "gte", value: 2 }] }
        const steps = [{ event: "A" }, big, { event: "B" }]
        const tied = [
          { ...at(1, "A", 0, { p: "needed after", n: 2 }), messageId: "m1" },
          { ...at(1, "A", 0, { p: "spared", n: 1 }), messageId: "m2" }
        ]
        for (const order of ["ordered", "strict"]) {
          const request = { steps, order, breakdown: ["p"] }
          expect(values(yield* ask(request, tied))).toEqual([["spared", 1]])
          const second = { ...request, breakdownStep: 2 }
          expect(values(yield* ask(second, tied))).toEqual([["needed after", 1]])
        }
        const third = { ...at(1, "A", 0, { p: "last", n: 2 }), messageId: "m3" }
        const request = { steps, breakdown: ["p"] }
        expect(values(yield* ask(request, [...tied, third]))).toEqual([
          ["needed after", 1]
        ])
      })
  )

  effect("breaks down unordered steps by the events that they took", () =>
    Effect.gen(function* () {
      const unordered = {
        steps: [{ event: "A" }, { event: "B" }],
        order: "unordered",
        breakdown: ["p"],
        breakdownStep: 2
      }
      const same = [
        { ...at(1, "A", 0, { p: "first A" }), messageId: "m1" },
        { ...at(1, "A", 0, { p: "second A" }), messageId: "m2" },
        { ...at(1, "B", 0, { p: "B" }), messageId: "m3" }
      ]
      expect(values(yield* ask(unordered, same))).toEqual([["B", 1]])
      const either = [
        { event: "A" },
        { filters: [{ property: "p", op: "is", value: "B" }] }
      ]
      expect(values(yield* ask({ ...unordered, steps: either }, same))).toEqual([
        ["B", 1]
      ])
    })
  )

  effect("gives no event of an instant to a required and to an optional step", () =>
    Effect.gen(function* () {
      const when = (property: string) => ({
        event: "A",
        filters: [{ property, op: "is", value: 1 }]
      })
      const steps = [when("x"), when("y"), when("z"), { ...when("w"), optional: true }]
      const events = [
        at(1, "A", 0, { x: 1, y: 1 }),
        at(1, "A", 0, { x: 1, z: 1, w: 1 }),
        at(1, "A", 0, { z: 1 })
      ]
      expect(counts(yield* ask({ steps }, events))).toEqual([1, 1, 1, 0])
      const more = [...events, at(1, "A", 1, { w: 1, p: "extra" })]
      const request = { steps, breakdown: ["p"], breakdownStep: 4 }
      const groups = yield* ask(request, more)
      expect(counts(groups)).toEqual([1, 1, 1, 1])
      expect(values(groups)).toEqual([["extra", 1]])
    })
  )

  effect("answers the longest funnels that can be asked", () =>
    Effect.gen(function* () {
      const same = Array.from({ length: MAX_STEPS }, () => ({ event: "A" }))
      const exclusions = Array.from({ length: MAX_EXCLUSIONS }, (_, index) => ({
        event: `X${index}`,
        fromStep: 1 + index,
        toStep: MAX_STEPS
      }))
      const optional = same.map((step, index) => ({ ...step, optional: index > 0 }))
      const events = same.map((_, index) => at(1, "A", index))
      const everywhere = same.map(() => 1)
      for (const request of [
        { steps: same, exclusions },
        { steps: same, exclusions, order: "strict" },
        { steps: optional },
        { steps: same.slice(0, MAX_OVERLAPPING_UNORDERED), order: "unordered" }
      ])
        expect(counts(yield* ask(request, events))).toEqual(
          everywhere.slice(0, request.steps.length)
        )
      const tied = same.map(() => at(1, "A", 0))
      expect(counts(yield* ask({ steps: same }, tied))).toEqual(everywhere)
    })
  )

  effect("answers the example", () =>
    Effect.gen(function* () {
      const { kind: _, ...example } = funnelExample
      expect(
        counts(yield* ask({ ...example, breakdown: ["$country"] }, []))
      ).toBeUndefined()
    })
  )

  const faults = (request: Record<string, unknown>) =>
    ask(request, []).pipe(
      Effect.flip,
      Effect.map((error) =>
        error._tag === "QueryInvalid" ? error.errors.map(({ pointer }) => pointer) : []
      )
    )

  effect("points at what cannot be asked", () =>
    Effect.gen(function* () {
      const steps = [{ event: "A" }, { event: "B" }]
      const cases: ReadonlyArray<[Record<string, unknown>, string]> = [
        [{ steps: [] }, "/steps"],
        [{ steps: [{ event: "A", optional: true }] }, "/steps/0/optional"],
        [{ steps, windowSeconds: 0 }, "/windowSeconds"],
        [{ steps, windowSeconds: -1 }, "/windowSeconds"],
        [{ steps, order: "sideways" }, "/order"],
        [
          { steps, exclusions: [{ event: "X", fromStep: 1, toStep: 3 }] },
          "/exclusions/0/toStep"
        ],
        [
          { steps, exclusions: [{ event: "X", fromStep: 0, toStep: 1 }] },
          "/exclusions/0/fromStep"
        ],
        [
          { steps, exclusions: [{ event: "X", fromStep: 2, toStep: 2 }] },
          "/exclusions/0/toStep"
        ],
        [
          {
            steps,
            order: "unordered",
            exclusions: [{ event: "X", fromStep: 1, toStep: 2 }]
          },
          "/exclusions"
        ],
        [{ steps, breakdownStep: 1 }, "/breakdownStep"],
        [{ steps, breakdown: ["p"], breakdownStep: 3 }, "/breakdownStep"],
        [{ steps, colour: "red" }, "/colour"]
      ]
      for (const [request, pointer] of cases)
        expect(yield* faults(request)).toEqual([pointer])
    })
  )
})
