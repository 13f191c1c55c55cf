import type { Chart } from "../../src/Chart.ts"
import { days, hostileTexts, wave } from "./sampleCharts.ts"

const integer = { kind: "integer" } as const

const [arabic, hebrew, family] = [5, 6, 7].map((at) => hostileTexts[at] ?? "")

/** What crowds a picture, or leaves it nearly empty: beside the samples, to be looked at. */
export const hardCharts: Record<string, Chart> = {
  "line: twelve notes within days": {
    form: "line",
    axis: "time",
    labels: days(30),
    values: integer,
    series: [{ name: "Visitors", data: wave(30, {}) }],
    marks: Array.from({ length: 14 }, (_, at) => ({
      label: days(30)[8 + Math.floor(at / 2)] ?? "",
      text: at % 3 === 0 ? (arabic ?? "") : `Release ${at + 1}`,
      kind: at % 4 === 1 ? "anomaly" : "annotation"
    }))
  },
  "line: before, forecast, anomaly and an open end": {
    form: "line",
    axis: "time",
    labels: days(20),
    values: { kind: "currency", unit: "JPY" },
    series: [
      {
        name: "Revenue",
        data: [...wave(14, { base: 90_000 }), ...Array(6).fill(null)]
      },
      { name: "Revenue", role: "compare", data: wave(20, { base: 70_000, seed: 2 }) },
      {
        name: "Revenue",
        role: "forecast",
        data: [...Array(14).fill(null), ...wave(6, { base: 95_000 })],
        lower: [...Array(14).fill(null), ...wave(6, { base: 80_000 })],
        upper: [...Array(14).fill(null), ...wave(6, { base: 110_000 })]
      }
    ],
    marks: [
      { label: "2026-03-10", text: "Far below what was expected", kind: "anomaly" }
    ],
    openEnd: true
  },
  "line: names in other scripts": {
    form: "line",
    axis: "time",
    labels: days(12),
    values: { kind: "number", unit: "a unit that is far longer than anybody needs" },
    series: [arabic, hebrew, family, "Ωμέγα Жук"].map((name, at) => ({
      name: name ?? "",
      data: wave(12, { base: 10 + at * 6, swing: 3, seed: at + 1 })
    }))
  },
  "line: about ten thousand": {
    form: "line",
    axis: "time",
    labels: days(5),
    values: { kind: "currency", unit: "EUR" },
    series: [{ name: "Revenue", data: [2000, 8100, 9900, 12_300, 4000] }]
  },
  "line: all below zero, two points": {
    form: "line",
    axis: "time",
    labels: days(2),
    values: { kind: "percent" },
    series: [{ name: "Margin", data: [-0.031, -0.0004] }]
  },
  "line: only nothing": {
    form: "line",
    axis: "time",
    labels: days(9),
    values: integer,
    series: [{ name: "Visitors", data: Array(9).fill(null) }]
  },
  "line: lonely values": {
    form: "line",
    axis: "time",
    labels: days(60),
    values: integer,
    series: [
      { name: "Visitors", data: days(60).map((_, at) => (at % 9 === 4 ? at : null)) }
    ]
  },
  "area: hours, three": {
    form: "area",
    axis: "time",
    labels: Array.from({ length: 24 }, (_, at) => `${String(at).padStart(2, "0")}:00`),
    values: { kind: "duration" },
    series: ["Median", "Slowest tenth", "Fastest tenth"].map((name, at) => ({
      name,
      data: wave(24, { base: 0.4 * (at + 1) * 1000, swing: 90, seed: at + 1 }).map(
        (value) => value / 1000
      )
    })),
    openEnd: true
  },
  "bar: forecast with its bounds": {
    form: "bar",
    axis: "time",
    labels: days(10),
    values: integer,
    series: [
      { name: "Orders", data: [...wave(6, { base: 60 }), null, null, null, null] },
      {
        name: "Orders",
        role: "forecast",
        data: [...Array(6).fill(null), 66, 70, 61, 58],
        lower: [...Array(6).fill(null), 50, 52, 40, 33],
        upper: [...Array(6).fill(null), 80, 91, 84, 88]
      }
    ]
  },
  "bar: days, compared": {
    form: "bar",
    axis: "time",
    labels: days(21),
    values: integer,
    series: [
      { name: "Sign-ups", data: wave(21, { base: 80, swing: 30 }) },
      { name: "Sign-ups", role: "compare", data: wave(21, { base: 70, swing: 30 }) }
    ]
  },
  "bar: one": {
    form: "bar",
    axis: "category",
    labels: ["Berlin"],
    values: integer,
    series: [{ name: "Visitors", data: [1] }]
  },
  "bar: 14 series, two categories": {
    form: "bar",
    axis: "category",
    labels: ["First visit of a person", "Every later visit"],
    values: { kind: "percent" },
    series: Array.from({ length: 14 }, (_, at) => ({
      name: `Variant ${at + 1}`,
      data: [0.02 * (at + 1), 0.3 - 0.02 * at]
    }))
  },
  "bar: enormous, tiny and below zero, by name": {
    form: "bar",
    axis: "category",
    labels: ["The largest there is", "The smallest there is", "Below zero", "Nothing"],
    values: { kind: "number" },
    series: [{ name: "Sum", data: [1.7e308, 5e-324, -9e307, null] }]
  },
  "bar: 100 categories": {
    form: "bar",
    axis: "category",
    labels: Array.from({ length: 100 }, (_, at) => `/blog/article-${at + 1}`),
    values: integer,
    series: [{ name: "Views", data: wave(100, { base: 500 }) }]
  },
  "stacked: below zero": {
    form: "stacked",
    axis: "time",
    labels: days(8),
    values: { kind: "currency", unit: "EUR" },
    series: [
      { name: "Income", data: [40, 52, 38, 61, 44, 70, 65, 12] },
      { name: "Refunds", data: [-8, -4, -12, 0, -3, -9, -30, -2] },
      { name: "Fees", data: [-3, -3, -3, -3, -3, -3, -3, -1] }
    ],
    openEnd: true
  },
  "stacked: 14 series, categories": {
    form: "stacked",
    axis: "category",
    labels: ["Q1", "Q2", "Q3"],
    values: integer,
    series: Array.from({ length: 14 }, (_, at) => ({
      name: at === 3 ? (family ?? "") : `Channel ${at + 1}`,
      data: wave(3, { base: 400 - at * 20, seed: at + 1 })
    }))
  },
  "funnel: 12 groups, ten million": {
    form: "funnel",
    groups: Array.from({ length: 12 }, (_, at) => ({
      name: `Country ${at + 1}`,
      steps: ["Visited", "Paid"].map((name, step) => ({
        name,
        count: Math.round(12_345_678 / (at + 1) / (step * 3 + 1)),
        rateFromFirst: 1 / (step * 3 + 1),
        rateFromPrevious: step === 0 ? null : 0.25
      }))
    }))
  },
  "retention: everybody came back": {
    form: "retention",
    interval: "month",
    cohorts: days(4).map((label, at) => ({
      label,
      size: 8_123_456_789,
      rates: Array.from({ length: 4 - at }, () => 1)
    }))
  },
  "retention: hardly anybody": {
    form: "retention",
    interval: "week",
    cohorts: hostileTexts.map((label, at) => ({
      label,
      size: at,
      rates: [1, 0.000_04, 0, null, 0.003]
    }))
  },
  "paths: one way": {
    form: "paths",
    edges: [{ from: family ?? "", to: arabic ?? "", position: 1, count: 1 }]
  },
  "paths: thirty ways from one place": {
    form: "paths",
    edges: Array.from({ length: 30 }, (_, at) => ({
      from: "Home",
      to: `Page ${at + 1}`,
      position: 1,
      count: 1_000_000 / (at * at + 1)
    }))
  },
  "number: enormous": {
    form: "number",
    values: { kind: "currency", unit: "USD" },
    value: 1.7e308,
    compare: { value: -1.7e308, label: arabic ?? "" },
    better: "less",
    sparkline: [1.7e308, -1.7e308, 5e-324]
  },
  "number: tiny": {
    form: "number",
    values: { kind: "number", unit: "a unit that is far longer than anybody needs" },
    value: 5e-324,
    compare: { value: 1, label: "yesterday" }
  },
  "number: a duration, as before": {
    form: "number",
    values: { kind: "duration" },
    value: 93_600,
    compare: { value: 93_600, label: "the week before" },
    better: "less",
    sparkline: [0, 0, 0]
  }
}
