import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import type { QueryContext } from "../../../src/query/Compiled.ts"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import { QueryInvalid } from "../../../src/query/QueryInvalid.ts"
import { Trends } from "../../../src/query/trends/Trends.ts"
import {
  answer,
  contextOf,
  insertEvents,
  insertLinks,
  type TestEvent
} from "../eventStore.ts"

const start = Date.UTC(2025, 2, 1)
const hour = 3_600_000
let nextProject = 1

type Sketch = Omit<TestEvent, "messageId" | "project">

const ask = Effect.fnUntraced(function* (
  request: Record<string, unknown>,
  events: ReadonlyArray<Sketch> = [],
  context: Partial<QueryContext> = {}
) {
  const project = nextProject++
  yield* insertEvents(
    events.map((event, index) => ({ ...event, project, messageId: `m${index}` }))
  )
  const decoded = yield* decodeStrictly(Trends.request)({
    kind: "trends",
    series: [{ event: "a", measure: "total" }],
    interval: "day",
    ...(request["range"] === undefined
      ? { from: "2025-03-01T00:00:00Z", to: "2025-03-05T00:00:00Z" }
      : {}),
    ...request
  })
  const compiled = yield* Trends.compile(decoded, {
    ...contextOf(project),
    now: Date.UTC(2025, 5, 15, 12),
    ...context
  })
  const result = yield* answer(compiled)
  return result instanceof QueryInvalid ? yield* result : result
})

const a = (hours: number, person = 1, props: Sketch["props"] = {}): Sketch => ({
  event: "a",
  at: start + Math.round(hours * hour),
  person,
  props
})

const faultsOf = (request: Record<string, unknown>) =>
  Effect.map(Effect.flip(ask(request)), (error) =>
    error instanceof QueryInvalid ? error.errors.map(({ pointer }) => pointer) : [error]
  )

describe("trends", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect(
    "name series, put the formula last, and show null for a division by zero",
    () =>
      Effect.gen(function* () {
        const { series, labels } = yield* ask(
          {
            series: [
              { event: "a", measure: "total" },
              { event: "a", measure: "unique_users", name: "people" },
              { event: "a", measure: "total" }
            ],
            formula: "A / people"
          },
          [a(1), a(2), a(3, 2), a(30)]
        )
        expect(labels).toEqual(["2025-03-01", "2025-03-02", "2025-03-03", "2025-03-04"])
        expect(series).toEqual([
          { name: "A", breakdown: null, other: false, data: [3, 1, 0, 0] },
          { name: "people", breakdown: null, other: false, data: [2, 1, 0, 0] },
          { name: "C", breakdown: null, other: false, data: [3, 1, 0, 0] },
          {
            name: "A / people",
            breakdown: null,
            other: false,
            data: [1.5, 1, null, null]
          }
        ])
      })
  )

  effect(
    "keep the types of breakdown values, and tell missing from empty and 'null'",
    () =>
      Effect.gen(function* () {
        const values = ["x", "x", 1, "1", true, "", "null", null, [1, "a"]]
        const { series } = yield* ask(
          { interval: "none", breakdown: ["b"] },
          values.map((b, index) => a(index, 1, { b }))
        )
        expect(series.map(({ breakdown, data }) => [breakdown?.[0], data[0]])).toEqual([
          ["x", 2],
          [1, 1],
          [null, 1],
          ["", 1],
          ["1", 1],
          ["null", 1],
          [[1, "a"], 1],
          [true, 1]
        ])
      })
  )

  effect(
    "count people of the small groups once, and break down by three properties",
    () =>
      Effect.gen(function* () {
        const events = [
          a(1, 1, { p: "x", q: 1 }),
          a(2, 2, { p: "x", q: 1 }),
          a(3, 3, { p: "y", q: 1 }),
          a(4, 3, { p: "z", q: 2 }),
          a(30, 3, { p: "z", q: 2 })
        ]
        for (const interval of ["none", "day"]) {
          const { series } = yield* ask(
            {
              series: [{ event: "a", measure: "unique_users" }],
              interval,
              breakdown: ["p", "q", "$event"],
              breakdownLimit: 1
            },
            events
          )
          expect(series).toEqual([
            {
              name: "A",
              breakdown: ["x", 1, "a"],
              other: false,
              data: interval === "none" ? [2] : [2, 0, 0, 0]
            },
            {
              name: "A",
              breakdown: null,
              other: true,
              data: interval === "none" ? [1] : [1, 1, 0, 0]
            }
          ])
        }
      })
  )

  effect("divide group by group, ranked by the first series", () =>
    Effect.gen(function* () {
      const { series } = yield* ask(
        {
          series: [
            { event: "a", measure: "total" },
            { event: "b", measure: "total" }
          ],
          interval: "none",
          breakdown: ["p"],
          breakdownLimit: 1,
          formula: "B / A"
        },
        [
          a(1, 1, { p: "x" }),
          a(2, 1, { p: "x" }),
          a(3, 1, { p: "y" }),
          { ...a(4, 1, { p: "y" }), event: "b" },
          { ...a(5, 1, { p: "y" }), event: "b" },
          { ...a(6, 1, { p: "x" }), event: "b" }
        ]
      )
      expect(
        series.map(({ name, breakdown, other, data }) => [name, breakdown, other, data])
      ).toEqual([
        ["A", ["x"], false, [2]],
        ["A", null, true, [1]],
        ["B", ["x"], false, [1]],
        ["B", null, true, [2]],
        ["B / A", ["x"], false, [0.5]],
        ["B / A", null, true, [2]]
      ])
    })
  )

  effect("compare with the days before, in the same groups", () =>
    Effect.gen(function* () {
      const { series, compare } = yield* ask(
        {
          from: "2025-03-03T00:00:00Z",
          to: "2025-03-05T00:00:00Z",
          compare: "previous_period",
          breakdown: ["p"]
        },
        [
          a(1, 1, { p: "old" }),
          a(30, 1, { p: "x" }),
          a(50, 1, { p: "x" }),
          a(51, 1, { p: "y" })
        ]
      )
      expect(series.map(({ breakdown, data }) => [breakdown, data])).toEqual([
        [["x"], [1, 0]],
        [["y"], [1, 0]]
      ])
      expect(compare).toEqual({
        buckets: ["2025-03-01T00:00:00.000Z", "2025-03-02T00:00:00.000Z"],
        labels: ["2025-03-01", "2025-03-02"],
        series: [
          { name: "A", breakdown: ["x"], other: false, data: [0, 1] },
          { name: "A", breakdown: ["y"], other: false, data: [0, 0] }
        ]
      })
    })
  )

  effect("compare whole local days although the clock changed", () =>
    Effect.gen(function* () {
      const { compare } = yield* ask({
        timezone: "America/New_York",
        from: "2025-03-10T04:00:00Z",
        to: "2025-03-12T04:00:00Z",
        compare: "previous_period"
      })
      expect(compare?.buckets).toEqual([
        "2025-03-08T05:00:00.000Z",
        "2025-03-09T05:00:00.000Z"
      ])
    })
  )

  effect("read ranges by name in the zone", () =>
    Effect.gen(function* () {
      const days = Effect.fnUntraced(function* (range: string, timezone = "UTC") {
        const { labels } = yield* ask({ range, timezone })
        return [labels[0], labels.at(-1), labels.length]
      })
      expect(yield* days("last_7d")).toEqual(["2025-06-09", "2025-06-15", 7])
      expect(yield* days("last_1d")).toEqual(["2025-06-15", "2025-06-15", 1])
      expect(yield* days("today", "Pacific/Auckland")).toEqual([
        "2025-06-16",
        "2025-06-16",
        1
      ])
      expect(yield* days("yesterday")).toEqual(["2025-06-14", "2025-06-14", 1])
      expect(yield* days("last_month")).toEqual(["2025-05-01", "2025-05-31", 31])
      expect(yield* days("this_week")).toEqual(["2025-06-09", "2025-06-15", 7])
    })
  )

  effect("count what is known at the watermark, whatever part of an hour it cuts", () =>
    Effect.gen(function* () {
      const watermark = start + 50 * hour + 1_234_567
      const known = (at: number, knownAt: number): Sketch => ({
        event: "a",
        at,
        knownAt,
        person: 1
      })
      const { series } = yield* ask(
        {
          interval: "none",
          from: "2025-03-01T00:07:00.001Z",
          to: "2025-03-02T00:08:00Z"
        },
        [
          known(start + 420_000, start),
          known(start + 420_001, start),
          known(start + 2 * hour, start + 49 * hour),
          known(start + 3 * hour, watermark),
          known(start + 4 * hour, watermark + 1),
          known(start + 24 * hour + 479_999, watermark - 1),
          known(start + 24 * hour + 480_000, start),
          { ...known(start + 5 * hour, start), isBot: true }
        ],
        { watermark }
      )
      expect(series[0]?.data).toEqual([4])
    })
  )

  effect("read totals from the projection", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const request = yield* decodeStrictly(Trends.request)({
        kind: "trends",
        series: [{ event: "a", measure: "total" }],
        interval: "day",
        from: "2025-03-01T00:00:00Z",
        to: "2025-03-05T00:00:00Z",
        timezone: "Asia/Kolkata"
      })
      const project = nextProject++
      yield* clickhouse.command(
        `INSERT INTO events (project_id, event, type, timestamp, known_at, id_hash)
         SELECT {project:UInt32}, 'a', 'track', toDateTime64('2025-03-02', 3, 'UTC') AS at, at, number
           FROM numbers(50000)`,
        { params: { project } }
      )
      const { statements } = yield* Trends.compile(request, contextOf(project))
      const [total] = statements
      const plan = yield* clickhouse.query(`EXPLAIN ${total?.sql}`, {
        params: { ...total?.params }
      })
      expect(JSON.stringify(plan)).toContain("p_counts")
    })
  )

  effect("follow the newest link known at the watermark", () =>
    Effect.gen(function* () {
      const project = nextProject
      const link = (id: number, person: number, hours: number, version: number) => ({
        project,
        id,
        person,
        knownAt: start + hours * hour,
        version
      })
      yield* insertLinks([
        link(1, 9, 10, 1),
        link(1, 8, 20, 2),
        link(2, 8, 20, 1),
        link(2, 9, 20, 0)
      ])
      const events = [a(1, 1), a(2, 2), { ...a(3, 9), knownAt: start }]
      const people = Effect.fnUntraced(function* (hours: number) {
        nextProject = project
        const { series } = yield* ask(
          { series: [{ event: "a", measure: "unique_users" }], interval: "none" },
          hours === 5 ? events : [],
          { watermark: start + hours * hour, hasLinks: true }
        )
        return series[0]?.data
      })
      expect(yield* people(5)).toEqual([3])
      expect(yield* people(15)).toEqual([2])
      // Both stand for 8 now, which is not 9.
      expect(yield* people(25)).toEqual([2])
      const { series } = yield* ask(
        { series: [{ event: "a", measure: "unique_users" }], interval: "none" },
        events,
        { hasLinks: true }
      )
      expect(series[0]?.data).toEqual([3])
    })
  )

  effect("look back before the range for people active in trailing days", () =>
    Effect.gen(function* () {
      const series = [{ event: "a", measure: "active_users_trailing_7d" }]
      const result = yield* ask({ series }, [a(-36, 1), a(36, 2), a(40, 2), a(60, 1)])
      expect(result.series[0]?.data).toEqual([1, 2, 2, 2])
      const gone = yield* ask({ series }, [a(-24 * 6, 1), a(-24 * 6 - 0.001, 2)])
      expect(gone.series[0]?.data).toEqual([1, 0, 0, 0])
    })
  )

  effect("part sessions after half an hour, and after a day", () =>
    Effect.gen(function* () {
      const every = (minutes: number, count: number, person: number) =>
        Array.from({ length: count }, (_, index) => a((index * minutes) / 60, person))
      const sessions = Effect.fnUntraced(function* (events: ReadonlyArray<Sketch>) {
        const { series } = yield* ask(
          { series: [{ event: "a", measure: "sessions" }] },
          events
        )
        return series[0]?.data
      })
      expect(yield* sessions(every(30, 49, 1))).toEqual([1, 0, 0, 0])
      // The one that begins after 24 hours takes the rest with it.
      expect(yield* sessions(every(30, 60, 1))).toEqual([1, 1, 0, 0])
      expect(yield* sessions([a(1), a(1.5), a(2.0000003)])).toEqual([2, 0, 0, 0])
      // Begun before the range: only its rest would be seen, so it is not counted.
      expect(yield* sessions([a(-0.25), a(0.1), a(0.4)])).toEqual([0, 0, 0, 0])
    })
  )

  effect("look up traits of groups the event names or its person joined last", () =>
    Effect.gen(function* () {
      const group = (hours: number, person: number, groupId: string, plan: string) => ({
        ...a(hours, person, { plan }),
        event: "$group",
        groupType: "company",
        groupId
      })
      const { series } = yield* ask(
        {
          interval: "none",
          breakdown: ["group.company.plan", "group.team.plan"],
          filters: [{ property: "group.company.plan", op: "is_set" }]
        },
        [
          group(1, 1, "acme", "free"),
          group(2, 2, "acme", "pro"),
          group(3, 1, "other", "team"),
          a(4, 1),
          a(5, 2),
          a(6, 2),
          a(7, 3)
        ]
      )
      expect(series.map(({ breakdown, data }) => [breakdown, data])).toEqual([
        [["pro", null], [2]],
        [["team", null], [1]]
      ])
    })
  )

  effect("prefer the group that the event names", () =>
    Effect.gen(function* () {
      const joined = (hours: number, groupId: string, plan: string) => ({
        ...a(hours, 9, { plan }),
        event: "$group",
        groupType: "default",
        groupId
      })
      const { series } = yield* ask(
        { interval: "none", breakdown: ["group.default.plan"] },
        [
          joined(1, "g1", "pro"),
          joined(2, "g2", "free"),
          { ...a(3, 9), context: { groupId: "g1" } },
          a(4, 9),
          a(5, 9)
        ]
      )
      expect(series.map(({ breakdown, data }) => [breakdown, data])).toEqual([
        [["free"], [2]],
        [["pro"], [1]]
      ])
    })
  )

  effect("take SQL in every string for the text it is", () =>
    Effect.gen(function* () {
      const texts = [
        "'; DROP TABLE events; --",
        "a') OR 1=1 --",
        "\n\nDROP TABLE events",
        "{p0:String}",
        "\\' OR ''='",
        "`events`",
        "\u0000",
        "\ud800"
      ]
      for (const text of texts) {
        const stored = text.toWellFormed()
        const { series } = yield* ask(
          {
            series: [
              {
                event: text,
                measure: "sum",
                property: text,
                name: text,
                filters: [{ property: text, op: "contains", value: text }]
              },
              { event: text, measure: "sessions" },
              { event: text, measure: "active_users_trailing_7d" }
            ],
            filters: [
              { property: text, op: "in", value: [text] },
              { property: `user.${text}`, op: "is_not", value: text },
              { property: `group.${text}.${text}`, op: "is_not", value: text }
            ],
            breakdown: [text, `context.${text}`]
          },
          [a(1), { ...a(2, 1, { [stored]: stored }), event: stored }]
        )
        expect([
          text,
          ...series.flatMap(({ name, data }) => (name === text ? data : []))
        ]).toEqual([text, 0, 0, 0, 0])
      }
      const { series } = yield* ask({}, [a(1)])
      expect(series[0]?.data).toEqual([1, 0, 0, 0])
    })
  )

  effect("refuse what cannot be answered, and say where", () =>
    Effect.gen(function* () {
      const series = [{ event: "a", measure: "total" }]
      expect(yield* faultsOf({ series, colour: 1 })).toEqual(["/colour"])
      expect(yield* faultsOf({ series: [] })).toEqual(["/series"])
      expect(yield* faultsOf({ series: [{ event: "a", measure: "sum" }] })).toEqual([
        "/series/0/property"
      ])
      expect(yield* faultsOf({ timezone: "Mars/Olympus" })).toEqual(["/timezone"])
      expect(yield* faultsOf({ timezone: "'; SELECT 1" })).toEqual(["/timezone"])
      expect(yield* faultsOf({ from: "yesterday" })).toEqual(["/from"])
      expect(yield* faultsOf({ from: "2025-03-06T00:00:00Z" })).toEqual(["/to"])
      expect(yield* faultsOf({ cohort: "c1" })).toEqual(["/cohort"])
      expect(yield* faultsOf({ formula: "A / Z" })).toEqual(["/formula"])
      expect(yield* faultsOf({ breakdown: ["a", "b", "c", "d"] })).toEqual([
        "/breakdown"
      ])
      expect(
        yield* faultsOf({ interval: "minute", to: "2025-03-15T00:00:00Z" })
      ).toEqual(["/interval"])
      expect(
        yield* faultsOf({
          series: [
            { measure: "total", name: "x" },
            { measure: "total", name: "x" }
          ]
        })
      ).toEqual(["/series/1/name"])
    })
  )
})
