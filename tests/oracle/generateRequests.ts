import fc from "fast-check"
import type { Filter } from "./filters.ts"
import type { DataSet } from "./generateData.ts"
import type { Request } from "./requests.ts"
import { formulas } from "./trends.ts"

const eventName = fc.constantFrom("A", "B", "C", "$pageview", "a ")

const leaf: fc.Arbitrary<Filter> = fc.constantFrom<Filter>(
  { property: "plan", op: "is", value: "pro" },
  { property: "plan", op: "is", value: 1 },
  { property: "plan", op: "is_not", value: "pro" },
  { property: "plan", op: "in", value: ["pro", "", 1] },
  { property: "plan", op: "not_in", value: ["free", "1"] },
  { property: "plan", op: "contains", value: "r" },
  { property: "plan", op: "not_contains", value: "ro" },
  { property: "plan", op: "starts_with", value: "P" },
  { property: "plan", op: "ends_with", value: "ee" },
  { property: "plan", op: "matches", value: "^[pP]r" },
  { property: "plan", op: "is_set" },
  { property: "plan", op: "is_not_set" },
  { property: "v", op: "gt", value: 0 },
  { property: "v", op: "gte", value: 2 },
  { property: "v", op: "lt", value: 2 },
  { property: "v", op: "lte", value: -0.5 },
  { property: "v", op: "between", value: [0, 2] },
  { property: "v", op: "is", value: "3" },
  { property: "tags", op: "is", value: "q" },
  { property: "tags", op: "is_not", value: "p" },
  { property: "tags", op: "contains", value: "p" },
  { property: "cart.items", op: "is", value: 2 },
  { property: "cart.items", op: "gte", value: 2 },
  { property: "context.page.path", op: "is", value: "/a" },
  { property: "user.plan", op: "is", value: "pro" },
  { property: "user.plan", op: "is_not", value: "old" },
  { property: "$event", op: "in", value: ["A", "$pageview"] }
)

/** Conditions on any property, alone or joined. */
export const anyFilter: fc.Arbitrary<Filter> = fc.oneof(
  { weight: 4, arbitrary: leaf },
  { weight: 1, arbitrary: leaf.map((not) => ({ not })) },
  {
    weight: 1,
    arbitrary: fc.array(leaf, { minLength: 2, maxLength: 3 }).map((and) => ({ and }))
  },
  {
    weight: 1,
    arbitrary: fc.array(leaf, { minLength: 2, maxLength: 3 }).map((or) => ({ or }))
  }
)

/** Some of the time these fields, else none of them. */
const sometimes = <A extends object>(fields: fc.Arbitrary<A>, weight = 1) =>
  fc.oneof<[fc.WeightedArbitrary<Partial<A>>, fc.WeightedArbitrary<Partial<A>>]>(
    { weight: 3, arbitrary: fc.constant<Partial<A>>({}) },
    { weight, arbitrary: fields }
  )

const filters = sometimes(
  fc.record({ filters: fc.array(anyFilter, { minLength: 1, maxLength: 2 }) }),
  2
)

const iso = (at: number) => new Date(at).toISOString()

/** Local midnight, so many days after the middle of the data. */
const localDay = (data: DataSet, days: number) =>
  Temporal.Instant.fromEpochMilliseconds(data.middle)
    .toZonedDateTimeISO(data.timezone)
    .toPlainDate()
    .add({ days })
    .toZonedDateTime(data.timezone).epochMilliseconds

/** A range of whole local days about the data. */
export const pairOfDays = (data: DataSet) =>
  fc
    .tuple(fc.integer({ min: -4, max: 1 }), fc.integer({ min: 1, max: 5 }))
    .map(([start, length]) => ({
      from: iso(localDay(data, start)),
      to: iso(localDay(data, start + length)),
      timezone: data.timezone
    }))

const anyRange = (data: DataSet) =>
  fc.oneof(
    pairOfDays(data),
    fc
      .tuple(
        pairOfDays(data),
        fc.integer({ min: 0, max: 20 }),
        fc.constantFrom(0, 1, -1)
      )
      .map(([range, halves, ms]) => ({
        ...range,
        from: iso(Date.parse(range.from) - halves * 1_800_000 + ms)
      }))
  )

const wide = (data: DataSet) => ({
  from: iso(localDay(data, -45)),
  to: iso(localDay(data, 40)),
  timezone: data.timezone
})

const weekStart = sometimes(fc.record({ weekStart: fc.constant("sunday" as const) }))

const numeric = fc.constantFrom(
  "sum",
  "avg",
  "min",
  "max",
  "median",
  "p75",
  "p90",
  "p95",
  "p99"
)

const series = fc
  .tuple(
    fc.oneof(
      fc
        .constantFrom("total", "unique_users", "total_per_user")
        .map((measure) => ({ measure })),
      numeric.map((measure) => ({ measure, property: "v" }))
    ),
    sometimes(fc.record({ event: eventName }), 6),
    filters
  )
  .map(([measure, event, filters]) => ({ ...measure, ...event, ...filters }))

const interval = fc.constantFrom("hour", "day", "day", "week", "none" as const)

const trends = (data: DataSet): fc.Arbitrary<Request> =>
  fc
    .tuple(
      fc.oneof(
        fc.tuple(anyRange(data), interval),
        fc.tuple(
          fc.constant(wide(data)),
          fc.constantFrom("week", "month", "quarter", "year", "none" as const)
        )
      ),
      fc.array(series, { minLength: 1, maxLength: 2 }),
      filters,
      weekStart,
      sometimes(
        fc.record({
          breakdown: fc.constantFrom(
            ["plan"],
            ["v"],
            ["path", "$event"],
            ["user.plan"],
            ["cart.items"]
          )
        })
      )
    )
    .map(([[range, interval], series, filters, weekStart, breakdown]) => ({
      kind: "trends",
      ...range,
      interval,
      series,
      ...filters,
      ...weekStart,
      ...breakdown
    }))

const topN = (data: DataSet): fc.Arbitrary<Request> =>
  fc
    .tuple(
      pairOfDays(data),
      fc.constantFrom("total", "unique_users", "total_per_user"),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom("day", "none" as const),
      filters
    )
    .map(([range, measure, breakdownLimit, interval, filters]) => ({
      kind: "trends",
      ...range,
      interval,
      series: [{ measure }],
      breakdown: ["$event"],
      breakdownLimit,
      ...filters
    }))

const counted = fc
  .tuple(
    fc.constantFrom("total", "unique_users"),
    sometimes(fc.record({ event: eventName }), 6)
  )
  .map(([measure, event]) => ({ measure, ...event }))

const formula = (data: DataSet): fc.Arbitrary<Request> =>
  fc
    .tuple(
      pairOfDays(data),
      counted,
      counted,
      fc.constantFrom(...Object.keys(formulas)),
      sometimes(fc.record({ breakdown: fc.constant(["path"]) }))
    )
    .map(([range, a, b, formula, breakdown]) => ({
      kind: "trends",
      ...range,
      interval: "day",
      series: [a, b],
      formula,
      ...breakdown
    }))

const compare = (data: DataSet): fc.Arbitrary<Request> =>
  fc
    .tuple(pairOfDays(data), counted, fc.constantFrom("hour", "day", "none" as const))
    .map(([range, one, interval]) => ({
      kind: "trends",
      ...range,
      timezone: "UTC",
      interval,
      series: [one],
      compare: "previous_period"
    }))

const looking = (data: DataSet): fc.Arbitrary<Request> =>
  fc
    .tuple(
      anyRange(data),
      fc.constantFrom(
        "active_users_trailing_7d",
        "active_users_trailing_30d",
        "sessions"
      ),
      sometimes(fc.record({ event: eventName }))
    )
    .map(([range, measure, event]) => ({
      kind: "trends",
      ...range,
      interval: "day",
      series: [measure === "sessions" ? { measure } : { measure, ...event }]
    }))

const step = fc
  .tuple(
    fc.constantFrom("A", "B", "C", "$pageview"),
    sometimes(fc.record({ filters: fc.tuple(leaf) }))
  )
  .map(([event, filters]) => ({ event, ...filters }))

const windowSeconds = fc.constantFrom(
  ...[0.001, 1799.999, 1800, 1800, 1800.001, 3600, 3600, 7200, 86_400, 604_800]
)

const funnel = (data: DataSet): fc.Arbitrary<Request> =>
  fc
    .tuple(
      fc.oneof(anyRange(data), fc.constant(wide(data))),
      fc.array(step, { minLength: 1, maxLength: 4 }),
      fc.constantFrom("ordered", "ordered", "strict", "unordered" as const),
      windowSeconds,
      filters
    )
    .map(([range, steps, order, windowSeconds, filters]) => ({
      kind: "funnel",
      ...range,
      steps,
      order,
      windowSeconds,
      ...filters
    }))

const richFunnel = (data: DataSet): fc.Arbitrary<Request> =>
  fc
    .tuple(
      fc.constant(wide(data)),
      fc.array(step, { minLength: 3, maxLength: 3 }),
      windowSeconds,
      fc.oneof(
        fc
          .tuple(
            fc.constantFrom("ordered", "strict" as const),
            sometimes(fc.record({ breakdownStep: fc.integer({ min: 1, max: 3 }) }))
          )
          .map(([order, step]) => ({
            breakdown: ["plan"] as [string],
            order,
            ...step
          })),
        fc
          .constantFrom([1, 2] as const, [1, 3] as const, [2, 3] as const)
          .map(([fromStep, toStep]) => ({
            exclusions: [{ event: "X", fromStep, toStep }]
          })),
        fc.constant({ optional: true })
      )
    )
    .map(([range, steps, windowSeconds, extra]) =>
      "optional" in extra
        ? {
            kind: "funnel",
            ...range,
            steps: steps.map((step, index) =>
              index === 1 && steps.length > 2 ? { ...step, optional: true } : step
            ),
            order: "ordered",
            windowSeconds
          }
        : { kind: "funnel", ...range, steps, order: "ordered", windowSeconds, ...extra }
    )

const pick = fc
  .tuple(sometimes(fc.record({ event: eventName }), 6), filters)
  .map(([event, filters]) => ({ ...event, ...filters }))

const retention = (data: DataSet): fc.Arbitrary<Request> =>
  fc
    .tuple(
      anyRange(data),
      fc.constantFrom("first_time", "recurring" as const),
      pick,
      pick,
      fc.integer({ min: 1, max: 6 }),
      fc.oneof(
        fc.record({ interval: fc.constantFrom("hour", "day", "week" as const) }),
        fc.constant({ interval: "day" as const, windows: "24h" as const }),
        fc.constant({ interval: "day" as const, onOrAfter: true })
      ),
      fc.boolean()
    )
    .map(([{ from, to, timezone }, mode, start, back, periods, shape, open]) => ({
      kind: "retention",
      from,
      timezone,
      ...(open ? {} : { to }),
      mode,
      start,
      return: back,
      periods,
      ...shape
    }))

const event = sometimes(fc.record({ event: eventName }), 6)

const stickiness = (data: DataSet): fc.Arbitrary<Request> =>
  fc
    .tuple(
      fc.oneof(anyRange(data), fc.constant(wide(data))),
      fc.constantFrom("day", "week" as const),
      event,
      filters,
      weekStart,
      sometimes(fc.record({ cumulative: fc.constant(true) }))
    )
    .map(([range, interval, ...rest]) =>
      Object.assign({ kind: "stickiness" as const, ...range, interval }, ...rest)
    )

const lifecycle = (data: DataSet): fc.Arbitrary<Request> =>
  fc
    .tuple(pairOfDays(data), fc.constantFrom("hour", "day" as const), event)
    .map(([range, interval, event]) => ({
      kind: "lifecycle",
      ...range,
      interval,
      ...event
    }))

const sessions = (data: DataSet): fc.Arbitrary<Request> =>
  fc
    .tuple(
      fc.oneof(anyRange(data), fc.constant(wide(data))),
      fc.constantFrom("none", "day" as const),
      sometimes(fc.record({ timeoutSeconds: fc.constantFrom(60, 1799, 3600) })),
      sometimes(fc.record({ property: fc.constantFrom("plan", "path") })),
      sometimes(fc.record({ breakdown: fc.constantFrom(["plan"], ["$event"]) })),
      filters
    )
    .map(([range, interval, timeout, property, breakdown, filters]) => ({
      kind: "sessions",
      ...range,
      interval,
      ...timeout,
      ...property,
      ...breakdown,
      ...filters
    }))

const paths = (data: DataSet): fc.Arbitrary<Request> =>
  fc
    .tuple(
      fc.oneof(anyRange(data), fc.constant(wide(data))),
      fc.record(
        {
          property: fc.constantFrom("path", "$event"),
          collapseRepeats: fc.boolean(),
          maxSteps: fc.integer({ min: 2, max: 5 }),
          positions: fc.boolean(),
          minCount: fc.constantFrom(1, 2)
        },
        { requiredKeys: [] }
      ),
      sometimes(fc.record({ start: fc.constantFrom("/", "/a", "A") })),
      sometimes(fc.record({ contains: fc.constantFrom("/b", "/a", "B") })),
      sometimes(fc.record({ end: fc.constantFrom("/b", "/a", "B") }))
    )
    .map(([range, shape, start, contains, end]) => ({
      kind: "paths",
      ...range,
      ...shape,
      ...start,
      ...contains,
      ...end
    }))

const list =
  (kind: "people" | "events") =>
  (data: DataSet): fc.Arbitrary<Request> =>
    fc
      .tuple(fc.oneof(anyRange(data), fc.constant(wide(data))), event, filters)
      .map(([range, event, filters]) => ({
        kind,
        ...range,
        ...event,
        ...filters,
        limit: 1000
      }))

/** Requests of one data set, by what they are about. */
export const requestsAbout = {
  trends,
  topN,
  formula,
  compare,
  looking,
  funnel,
  richFunnel,
  retention,
  stickiness,
  lifecycle,
  sessions,
  paths,
  people: list("people"),
  events: list("events")
} as const

export type About = keyof typeof requestsAbout
