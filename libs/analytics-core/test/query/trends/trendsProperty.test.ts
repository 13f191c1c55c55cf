import { describe, expect } from "bun:test"
import type { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import fc from "fast-check"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import type { Filter } from "../../../src/query/Filter.ts"
import { QueryInvalid } from "../../../src/query/QueryInvalid.ts"
import { timeBuckets, wholeRange } from "../../../src/query/TimeBuckets.ts"
import { timeZone } from "../../../src/query/TimeZone.ts"
import { Trends } from "../../../src/query/trends/Trends.ts"
import { Measure } from "../../../src/query/trends/TrendsRequest.ts"
import {
  answer,
  contextOf,
  insertEvents,
  insertLinks,
  type TestEvent,
  type TestLink
} from "../eventStore.ts"
import { referenceTrends } from "./referenceTrends.ts"

const start = Date.UTC(2025, 2, 1)
const MINUTE = 60_000
const DAY = 86_400_000

const event = fc.record({
  event: fc.constantFrom("a", "a", "a", "b", "$identify"),
  // Close enough together that sessions form, a few of them longer than a day.
  at: fc.oneof(
    fc.integer({ min: 0, max: 96 }).map((half) => start + half * 30 * MINUTE),
    fc.integer({ min: -40, max: 40 }).map((hours) => start + hours * 3_600_000),
    fc.integer({ min: -35 * DAY, max: 6 * DAY }).map((ms) => start + ms)
  ),
  delay: fc.constantFrom(0, 0, 0, 5 * DAY),
  person: fc.integer({ min: 1, max: 6 }),
  isBot: fc.constantFrom(false, false, false, true),
  browser: fc.constantFrom("", "Chrome", "Firefox"),
  props: fc.dictionary(
    fc.constantFrom("p", "q"),
    fc.constantFrom(1, 2, 2.5, -3, 10, "1", "x", "", true, null),
    { maxKeys: 2 }
  )
})
const link = fc.record({
  id: fc.integer({ min: 1, max: 6 }),
  person: fc.integer({ min: 1, max: 6 }),
  knownAt: fc.constantFrom(start, start + DAY, start + 30 * DAY)
})

const filters: ReadonlyArray<ReadonlyArray<Filter>> = [
  [],
  [],
  [{ property: "p", op: "is_not", value: 1 }],
  [{ property: "q", op: "is_set" }],
  [{ property: "user.p", op: "gt", value: 1 }]
]
const query = fc.record({
  event: fc.constantFrom("a", "a", "b", undefined),
  measure: fc.constantFrom(...Measure.literals),
  filters: fc.constantFrom(...filters),
  interval: fc.constantFrom(
    "none" as const,
    "hour" as const,
    "day" as const,
    "week" as const
  ),
  breakdown: fc.constantFrom(undefined, undefined, "q", "$browser", "user.p"),
  limit: fc.integer({ min: 1, max: 3 }),
  includeBots: fc.boolean(),
  fromOffset: fc.constantFrom(0, 7 * MINUTE + 1, 3_600_000),
  length: fc.constantFrom(2 * DAY, 3 * DAY + 1234567),
  watermark: fc.constantFrom(start + 2 * DAY, start + 20 * DAY, start + 40 * DAY)
})

const utc = timeZone("UTC")

describe("trends on a real ClickHouse", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect("are what the definition says, for any events and any question", () =>
    Effect.gen(function* () {
      const services = yield* Effect.context<ClickHouse>()
      let project = 1000
      const check = Effect.fnUntraced(function* (
        drawn: ReadonlyArray<typeof event extends fc.Arbitrary<infer T> ? T : never>,
        drawnLinks: ReadonlyArray<
          typeof link extends fc.Arbitrary<infer T> ? T : never
        >,
        queries: ReadonlyArray<typeof query extends fc.Arbitrary<infer T> ? T : never>
      ) {
        project++
        const events = drawn.map(
          ({ delay, ...fields }, index): TestEvent => ({
            ...fields,
            project,
            knownAt: fields.at + delay,
            messageId: `m${String(index).padStart(3, "0")}`
          })
        )
        const links = drawnLinks.map(
          (fields, index): TestLink => ({ ...fields, project, version: index })
        )
        yield* insertEvents(events)
        if (links.length > 0) yield* insertLinks(links)
        for (const asked of queries) {
          const from = start + asked.fromOffset
          const to = from + asked.length
          const request = yield* decodeStrictly(Trends.request)({
            kind: "trends",
            from: new Date(from).toISOString(),
            to: new Date(to).toISOString(),
            interval: asked.interval,
            includeBots: asked.includeBots,
            series: [
              {
                ...(asked.event === undefined ? {} : { event: asked.event }),
                measure: asked.measure,
                property: "p",
                filters: asked.filters
              }
            ],
            ...(asked.breakdown === undefined ? {} : { breakdown: [asked.breakdown] }),
            breakdownLimit: asked.limit
          })
          const compiled = yield* Trends.compile(request, {
            ...contextOf(project),
            watermark: asked.watermark,
            hasLinks: links.length > 0
          })
          const result = yield* answer(compiled)
          if (result instanceof QueryInvalid || utc === undefined)
            throw new Error("refused")
          const buckets =
            asked.interval === "none"
              ? wholeRange(utc, from, to)
              : timeBuckets({
                  zone: utc,
                  interval: asked.interval,
                  weekStart: "monday",
                  from,
                  to,
                  limit: 10_000
                })
          if (!buckets) throw new Error("too many")
          const expected = referenceTrends(events, links, {
            ...asked,
            property: "p",
            buckets,
            from,
            to
          })
          expect(
            result.series.map(({ breakdown, other }) => [breakdown, other])
          ).toEqual(
            expected.map((line) => [
              line.breakdown === undefined ? null : [line.breakdown],
              line.other
            ])
          )
          result.series.forEach(({ data }, index) => {
            const wanted = expected[index]?.data ?? []
            expect(data.length).toBe(wanted.length)
            data.forEach((number, bucket) => {
              const right = wanted[bucket]
              if (number === null || right === null || right === undefined)
                expect(number).toBe(right ?? null)
              else expect(Math.abs(number - right)).toBeLessThan(1e-9)
            })
          })
        }
      })
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            fc.array(event, { maxLength: 60 }),
            fc.oneof(fc.constant([]), fc.array(link, { maxLength: 5 })),
            fc.array(query, { minLength: 6, maxLength: 6 }),
            (events, links, queries) =>
              Effect.runPromiseWith(services)(check(events, links, queries))
          ),
          { numRuns: Number(process.env["TRENDS_RUNS"] ?? 12) }
        )
      )
    })
  )
})
