import * as fc from "fast-check"
import type { Chart } from "../../src/Chart.ts"
import { hostileTexts } from "./sampleCharts.ts"

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom(...hostileTexts),
  fc.constantFrom("Berlin", "/pricing", "2026-03-01", "10:00")
)

const number = fc.oneof(
  fc.integer({ min: -1000, max: 100_000 }),
  fc.double(),
  fc.constantFrom(0, -0, 1e308, -1e308, 5e-324, Number.NaN, Number.POSITIVE_INFINITY)
)
const value = fc.option(number, { freq: 6 })
const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), value)

const values = fc.oneof(
  fc.constantFrom(
    { kind: "integer" } as const,
    { kind: "number" } as const,
    { kind: "percent" } as const,
    { kind: "duration" } as const,
    { kind: "currency", unit: "EUR" } as const,
    { kind: "currency", unit: "</text>" } as const
  ),
  text.map((unit) => ({ kind: "number" as const, unit }))
)

const labels = fc.oneof(
  fc.array(text, { maxLength: 12 }),
  fc
    .integer({ min: 0, max: 400 })
    .map((count) =>
      Array.from({ length: count }, (_, at) =>
        new Date(Date.UTC(2025, 11, 20 + at)).toISOString().slice(0, 10)
      )
    )
)

const series = labels.chain((names) => {
  const points = fc.array(value, { minLength: names.length, maxLength: names.length })
  return fc.record(
    {
      form: fc.constantFrom("line", "area", "bar", "stacked"),
      labels: fc.constant(names),
      axis: fc.constantFrom("time", "category"),
      values,
      series: fc.array(
        fc.record(
          {
            name: text,
            data: fc.oneof(points, fc.array(value, { maxLength: 3 })),
            role: fc.constantFrom("compare", "forecast"),
            lower: points,
            upper: points
          },
          { requiredKeys: ["name", "data"] }
        ),
        { maxLength: names.length > 40 ? 3 : 7 }
      ),
      marks: fc.array(
        fc.record({
          label: names.length === 0 ? text : fc.constantFrom(...names),
          text,
          kind: fc.constantFrom("annotation", "anomaly")
        }),
        { maxLength: 15 }
      ),
      openEnd: fc.boolean()
    },
    { requiredKeys: ["form", "labels", "axis", "values", "series"] }
  )
})

const funnel = fc.record({
  form: fc.constant("funnel" as const),
  groups: fc.array(
    fc.record({
      name: fc.option(text),
      steps: fc.array(
        fc.record({
          name: text,
          count: number,
          rateFromFirst: share,
          rateFromPrevious: share
        }),
        { maxLength: 5 }
      )
    }),
    { maxLength: 4 }
  )
})

const retention = fc.record({
  form: fc.constant("retention" as const),
  interval: fc.constantFrom("day", "week", "month", "<b>"),
  cohorts: fc.array(
    fc.record({ label: text, size: number, rates: fc.array(share, { maxLength: 30 }) }),
    { maxLength: 12 }
  )
})

const paths = fc.record({
  form: fc.constant("paths" as const),
  edges: fc.array(
    fc.record({
      from: text,
      to: text,
      position: fc.integer({ min: 1, max: 6 }),
      count: number
    }),
    { maxLength: 40 }
  )
})

const metric = fc.record(
  {
    form: fc.constant("number" as const),
    values,
    value,
    compare: fc.record({ value, label: text }),
    better: fc.constantFrom("more", "less"),
    sparkline: fc.array(value, { maxLength: 40 })
  },
  { requiredKeys: ["form", "values", "value"] }
)

/** Any chart that the schema allows, with what is hard about each form often in it. */
export const anyChart: fc.Arbitrary<Chart> = fc.oneof(
  { weight: 4, arbitrary: series },
  funnel,
  retention,
  paths,
  metric
)
