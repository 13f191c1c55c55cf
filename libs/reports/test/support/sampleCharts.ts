import type { Chart, SeriesChart } from "../../src/Chart.ts"

/** Days from 1 March 2026 on. */
export const days = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, at) =>
    new Date(Date.UTC(2026, 2, 1 + at)).toISOString().slice(0, 10)
  )

/** A wave with a trend, the same every time. */
export const wave = (
  count: number,
  { base = 1000, swing = 200, seed = 1 }
): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, at) =>
    Math.max(
      0,
      Math.round(
        base +
          at * base * 0.004 +
          swing * ([0, 0.5, 0.8, 0.6, 0.2, -0.9, -1][(at + seed) % 7] ?? 0) +
          swing * 0.3 * (((at * 7919 * seed) % 13) / 13 - 0.5)
      )
    )
  )

const integer = { kind: "integer" } as const

const series = (
  chart: Omit<SeriesChart, "axis" | "values"> & Partial<SeriesChart>
): SeriesChart => ({
  axis: "time",
  values: integer,
  ...chart
})

const long = `${"A very long name of a page that somebody wrote without thinking ".repeat(3)}end`

export const hostileTexts = [
  "</text><script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "&amp; &lt; <b>bold</b>",
  "\u0000\u0007\ud800 broken",
  "\u202Eright to left override",
  "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645",
  "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
  "\ud83d\udc69\u200d\ud83d\udc69\u200d\ud83d\udc67\u200d\ud83d\udc66 family \ud83c\udf89",
  "\u65e5\u672c\u8a9e\u306e\u30da\u30fc\u30b8",
  "__proto__",
  "datum['x'] + event",
  long
]

const forecastFrom = 24
const known = wave(forecastFrom, {})
const ahead = wave(30, {})

/** One of each form, and of each thing that can be hard to draw. */
export const sampleCharts: Record<string, Chart> = {
  "line: one, with notes, an open end": series({
    form: "line",
    labels: days(30),
    series: [{ name: "Visitors", data: wave(30, {}) }],
    openEnd: true,
    marks: [
      {
        label: "2026-03-09",
        text: "Release 2.1 with the new sign-up",
        kind: "annotation"
      },
      { label: "2026-03-10", text: "Half of what was expected", kind: "anomaly" },
      { label: "2026-03-25", text: long, kind: "annotation" }
    ]
  }),
  "line: four, named at their ends": series({
    form: "line",
    labels: days(30),
    series: ["Berlin", "Paris", "Lisbon", "Oslo"].map((name, at) => ({
      name,
      data: wave(30, { base: 1000 - at * 180, seed: at + 1 })
    }))
  }),
  "line: compared with before": series({
    form: "line",
    labels: days(28),
    values: { kind: "currency", unit: "EUR" },
    series: [
      { name: "Revenue", data: wave(28, { base: 41_000, swing: 9000 }) },
      {
        name: "Revenue",
        role: "compare",
        data: wave(28, { base: 36_000, swing: 8000, seed: 3 })
      }
    ]
  }),
  "line: forecast": series({
    form: "line",
    labels: days(30),
    series: [
      {
        name: "Orders",
        data: days(30).map((_, at) => (at < forecastFrom ? (known[at] ?? 0) : null))
      },
      {
        name: "Orders",
        role: "forecast",
        data: ahead.map((value, at) => (at < forecastFrom ? null : value)),
        lower: ahead.map((value, at) =>
          at < forecastFrom ? null : value - 40 * (at - 20)
        ),
        upper: ahead.map((value, at) =>
          at < forecastFrom ? null : value + 40 * (at - 20)
        )
      }
    ]
  }),
  "line: 25 series": series({
    form: "line",
    labels: days(21),
    series: Array.from({ length: 25 }, (_, at) => ({
      name: `/blog/article-${at + 1}`,
      data: wave(21, { base: 100 + at * 45, swing: 30, seed: at + 1 })
    }))
  }),
  "line: gaps, zeros, below zero": series({
    form: "line",
    labels: days(14),
    values: { kind: "number" },
    series: [
      {
        name: "Change",
        data: [3, null, 2.5, 0, -4, null, null, 5, null, -2, -2, 1, null, 0]
      },
      { name: "Other", data: [null, null, -1, -1, 2, 2, null, null, 0, 0, 0, 0, 0, 1] }
    ]
  }),
  "line: share, far from 0": series({
    form: "line",
    labels: ["00:00", "06:00", "12:00", "18:00", "24:00"],
    values: { kind: "percent" },
    series: [{ name: "Available", data: [0.991, 0.998, 0.9931, 0.9995, 0.9972] }]
  }),
  "line: one point": series({
    form: "line",
    labels: ["2026-03-01"],
    series: [{ name: "Visitors", data: [42] }]
  }),
  "line: nothing": series({ form: "line", labels: [], series: [] }),
  "line: all zero": series({
    form: "line",
    labels: days(7),
    series: [{ name: "Errors", data: [0, 0, 0, 0, 0, 0, 0] }]
  }),
  "line: huge and tiny": series({
    form: "line",
    labels: days(4),
    values: { kind: "number" },
    series: [
      { name: "Huge", data: [1e308, -1e308, 5e307, 1.7e308] },
      { name: "Tiny", data: [5e-324, 1e-9, 0, 1] }
    ]
  }),
  "area: a year": series({
    form: "area",
    labels: days(365),
    series: [{ name: "Page views", data: wave(365, { base: 12_000, swing: 3000 }) }],
    openEnd: true
  }),
  "area: duration": series({
    form: "area",
    labels: days(10),
    values: { kind: "duration" },
    series: [
      { name: "Session", data: [180, 200, 260, 240, 190, 300, 320, 280, 310, 330] }
    ]
  }),
  "bar: over time, open end": series({
    form: "bar",
    labels: days(14),
    series: [{ name: "Sign-ups", data: wave(14, { base: 80, swing: 20 }) }],
    openEnd: true
  }),
  "bar: two beside each other, below zero": series({
    form: "bar",
    labels: ["Q1", "Q2", "Q3", "Q4"],
    axis: "category",
    values: { kind: "currency", unit: "USD" },
    series: [
      { name: "Profit", data: [12_500, -4000, 0, 22_000] },
      { name: "Profit", role: "compare", data: [9000, 3000, -2500, null] }
    ]
  }),
  "bar: names that are long or meant ill": series({
    form: "bar",
    labels: hostileTexts,
    axis: "category",
    series: [{ name: "Views", data: hostileTexts.map((_, at) => 1200 - at * 97) }]
  }),
  "bar: a year, three series": series({
    form: "bar",
    labels: days(365),
    series: ["Web", "iOS", "Android"].map((name, at) => ({
      name,
      data: wave(365, { base: 500 + at * 200, seed: at + 1 })
    }))
  }),
  "stacked: over time": series({
    form: "stacked",
    labels: days(21),
    series: ["Direct", "Search", "Social", "Mail", "Other"].map((name, at) => ({
      name,
      data: wave(21, { base: 700 - at * 120, swing: 80, seed: at + 2 })
    })),
    openEnd: true
  }),
  "stacked: a year of 12": series({
    form: "stacked",
    labels: days(365),
    series: Array.from({ length: 12 }, (_, at) => ({
      name: `Campaign ${at + 1}`,
      data: wave(365, { base: 300 - at * 15, swing: 60, seed: at + 1 })
    }))
  }),
  "stacked: categories": series({
    form: "stacked",
    labels: [
      "United States of America",
      "Germany",
      "Brazil",
      long,
      "Japan",
      "India",
      "South Africa"
    ],
    axis: "category",
    series: ["Desktop", "Phone", "Tablet"].map((name, at) => ({
      name,
      data: [900, 620, 410, 380, 300, 260, 90].map((value) =>
        Math.round(value / (at + 1))
      )
    }))
  }),
  funnel: {
    form: "funnel",
    groups: [
      {
        name: null,
        steps: [
          { name: "Visited", count: 48_210, rateFromFirst: 1, rateFromPrevious: null },
          {
            name: "Looked at a product",
            count: 21_004,
            rateFromFirst: 0.4357,
            rateFromPrevious: 0.4357
          },
          {
            name: "Put it in the cart",
            count: 6120,
            rateFromFirst: 0.1269,
            rateFromPrevious: 0.2914
          },
          { name: long, count: 2890, rateFromFirst: 0.06, rateFromPrevious: 0.4722 },
          { name: "Paid", count: 0, rateFromFirst: 0, rateFromPrevious: 0 }
        ]
      }
    ]
  },
  "funnel: by group": {
    form: "funnel",
    groups: ["Desktop", "Phone", null, hostileTexts[5] ?? ""].map((name, at) => ({
      name,
      steps: ["Visited", "Signed up", "Invited somebody"].map((step, index) => {
        const count = Math.round((9000 / (at + 1)) * 0.4 ** index)
        return {
          name: step,
          count,
          rateFromFirst: 0.4 ** index,
          rateFromPrevious: index === 0 ? null : 0.4
        }
      })
    }))
  },
  "funnel: nobody": {
    form: "funnel",
    groups: [
      {
        name: null,
        steps: [
          { name: "Visited", count: 0, rateFromFirst: null, rateFromPrevious: null },
          { name: "Paid", count: 0, rateFromFirst: null, rateFromPrevious: null }
        ]
      }
    ]
  },
  retention: {
    form: "retention",
    interval: "week",
    cohorts: days(10).map((label, at) => ({
      label,
      size: 1200 - at * 70,
      rates: Array.from({ length: 10 - at }, (_, period) =>
        period === 0
          ? 1
          : Math.round((0.52 / (1 + period * 0.35) + at * 0.006) * 1000) / 1000
      )
    }))
  },
  "retention: 31 days": {
    form: "retention",
    interval: "day",
    cohorts: days(31).map((label, at) => ({
      label,
      size: 100 + at,
      rates: Array.from({ length: 31 - at }, (_, period) =>
        period === 0 ? 1 : period === 5 ? null : 0.6 / (1 + period * 0.2)
      )
    }))
  },
  "retention: one cohort": {
    form: "retention",
    interval: "month",
    cohorts: [{ label: "2026-03", size: 0, rates: [null] }]
  },
  paths: {
    form: "paths",
    edges: [
      { from: "/", to: "/pricing", position: 1, count: 820 },
      { from: "/", to: "/docs", position: 1, count: 640 },
      { from: "/", to: "/blog/how-we-count", position: 1, count: 310 },
      { from: "/", to: "(end)", position: 1, count: 1220 },
      { from: "/pricing", to: "/sign-up", position: 2, count: 402 },
      { from: "/pricing", to: "/docs", position: 2, count: 120 },
      { from: "/pricing", to: "(end)", position: 2, count: 298 },
      { from: "/docs", to: "/docs/api", position: 2, count: 430 },
      { from: "/docs", to: "/sign-up", position: 2, count: 70 },
      { from: "/blog/how-we-count", to: "/", position: 2, count: 90 },
      { from: "/sign-up", to: "/welcome", position: 3, count: 390 },
      { from: "/docs/api", to: "/sign-up", position: 3, count: 55 },
      { from: "/docs/api", to: "/docs", position: 3, count: 205 }
    ]
  },
  "paths: many, long names": {
    form: "paths",
    edges: Array.from({ length: 60 }, (_, at) => ({
      from: hostileTexts[(at * 5) % 12] ?? "",
      to: hostileTexts[(at * 7 + 3) % 12] ?? "",
      position: 1 + (at % 4),
      count: 500 - at * 8
    }))
  },
  number: {
    form: "number",
    values: integer,
    value: 128_430,
    compare: { value: 114_200, label: "the 30 days before" },
    better: "more",
    sparkline: wave(30, {})
  },
  "number: worse, currency": {
    form: "number",
    values: { kind: "currency", unit: "EUR" },
    value: 1_234_567.5,
    compare: { value: 1_500_000, label: "February" },
    better: "more",
    sparkline: [5, null, 3, 4, 4, 2, null]
  },
  "number: from nothing": {
    form: "number",
    values: { kind: "percent" },
    value: 0.125,
    compare: { value: 0, label: long }
  },
  "number: none": { form: "number", values: integer, value: null, sparkline: [] }
}
