import type { Block, ReportDocument } from "../../src/ReportDocument.ts"

const days = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, at) =>
    new Date(Date.UTC(2026, 2, 1 + at)).toISOString().slice(0, 10)
  )

const wave = (count: number, base: number, phase = 0): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, at) =>
    Math.round(base * (1 + at / 60 + 0.25 * Math.sin((at + phase) / 2.2)))
  )

const labels = days(30)

const blocks: ReadonlyArray<Block> = [
  {
    type: "markdown",
    text: `# What happened in March

Sign-ups grew by **a fifth**, most of it from *organic* search after the
[new landing pages](https://example.org/landing?x=1&y=2) of 9 March. Revenue followed with
a week's delay.

- Activation rose to 41 %
- Refunds stayed at ~~1.4 %~~ 1.2 %
  1. mostly in the first week
  2. none above €100

> Numbers before 3 March lack one shop.

| Channel | Sign-ups | Share |
|:--|--:|--:|
| Organic | 4,120 | 52 % |
| Paid | 2,204 | 28 % |`
  },
  {
    type: "metrics",
    metrics: [
      {
        title: "Active people",
        metric: {
          form: "number",
          values: { kind: "integer" },
          value: 48_213,
          compare: { value: 41_002, label: "February" },
          better: "more",
          sparkline: wave(30, 1400)
        }
      },
      {
        title: "Revenue",
        metric: {
          form: "number",
          values: { kind: "currency", unit: "EUR" },
          value: 182_450.5,
          compare: { value: 190_120.25, label: "February" },
          better: "more",
          sparkline: wave(30, 6000, 3)
        }
      },
      {
        title: "Refund rate",
        metric: {
          form: "number",
          values: { kind: "percent" },
          value: 0.0124,
          compare: { value: 0.0141, label: "February" },
          better: "less"
        }
      },
      {
        title: "Median session",
        metric: { form: "number", values: { kind: "duration" }, value: 254 }
      }
    ]
  },
  {
    type: "chart",
    title: "People who were active, by day",
    description: "People with at least one event other than a page left open.",
    chart: {
      form: "line",
      axis: "time",
      labels,
      values: { kind: "integer" },
      series: [
        { name: "March", data: wave(30, 1500) },
        { name: "February", data: wave(30, 1250, 1), role: "compare" }
      ],
      marks: [
        { label: "2026-03-09", text: "New landing pages", kind: "annotation" },
        { label: "2026-03-21", text: "Far above what was expected", kind: "anomaly" }
      ],
      openEnd: true
    }
  },
  {
    type: "chart",
    title: "Revenue by country",
    chart: {
      form: "stacked",
      axis: "time",
      labels,
      values: { kind: "currency", unit: "EUR" },
      series: ["Germany", "France", "Austria", "Japan"].map((name, at) => ({
        name,
        data: wave(30, 2400 / (at + 1), at)
      }))
    }
  },
  {
    type: "chart",
    title: "From visit to purchase",
    chart: {
      form: "funnel",
      groups: [
        {
          name: null,
          steps: [
            { name: "Visit", count: 12_400, rateFromFirst: 1, rateFromPrevious: 1 },
            {
              name: "Product seen",
              count: 7_812,
              rateFromFirst: 0.63,
              rateFromPrevious: 0.63
            },
            {
              name: "Cart",
              count: 2_108,
              rateFromFirst: 0.17,
              rateFromPrevious: 0.27
            },
            {
              name: "Purchase",
              count: 930,
              rateFromFirst: 0.075,
              rateFromPrevious: 0.441
            }
          ]
        }
      ]
    }
  },
  {
    type: "chart",
    title: "Who came back",
    chart: {
      form: "retention",
      interval: "week",
      cohorts: [
        "2026-02-02",
        "2026-02-09",
        "2026-02-16",
        "2026-02-23",
        "2026-03-02"
      ].map((label, at) => ({
        label,
        size: 900 + at * 55,
        rates: Array.from({ length: 7 - at }, (_, period) =>
          period === 0 ? 1 : Math.round(1000 * (0.52 / (period + 0.4))) / 1000
        )
      }))
    }
  },
  {
    type: "chart",
    title: "Where people went",
    chart: {
      form: "paths",
      edges: [
        { from: "Home", to: "Search", position: 1, count: 4200 },
        { from: "Home", to: "Product", position: 1, count: 2100 },
        { from: "Home", to: "Help", position: 1, count: 400 },
        { from: "Search", to: "Product", position: 2, count: 3100 },
        { from: "Product", to: "Cart", position: 2, count: 1100 },
        { from: "Product", to: "Purchase", position: 3, count: 630 }
      ]
    }
  },
  {
    type: "chart",
    title: "Sign-ups by channel",
    chart: {
      form: "bar",
      axis: "category",
      labels: ["Organic", "Paid", "Referral", "Mail", "Social"],
      values: { kind: "integer" },
      series: [{ name: "Sign-ups", data: [4120, 2204, 860, 510, 214] }]
    }
  },
  {
    type: "chart",
    title: "Orders next week",
    chart: {
      form: "line",
      axis: "time",
      labels: days(37),
      values: { kind: "integer" },
      series: [
        { name: "Orders", data: [...wave(30, 60), ...Array<null>(7).fill(null)] },
        {
          name: "Expected",
          role: "forecast",
          data: [...Array<null>(30).fill(null), ...wave(7, 90)],
          lower: [...Array<null>(30).fill(null), ...wave(7, 70)],
          upper: [...Array<null>(30).fill(null), ...wave(7, 115)]
        }
      ]
    }
  },
  {
    type: "chart",
    title: "Time on page",
    chart: {
      form: "area",
      axis: "time",
      labels,
      values: { kind: "duration" },
      series: [{ name: "Median", data: wave(30, 210, 5) }]
    },
    table: {
      columns: [
        { name: "Page", kind: "text" },
        { name: "Median", kind: "duration" }
      ],
      rows: [
        ["/pricing", 92.5],
        ["/docs/start", 3_725],
        ["/blog/2026/a-very-long-path-that-does-not-fit/and-goes-on-and-on", 41]
      ]
    }
  },
  {
    type: "table",
    title: "Largest orders",
    description: "Orders above €1,000, newest first.",
    table: {
      columns: [
        { name: "Order", kind: "text" },
        { name: "Placed", kind: "datetime" },
        { name: "Shipped", kind: "date" },
        { name: "Amount", kind: "currency", unit: "EUR" },
        { name: "Discount", kind: "percent" },
        { name: "Items", kind: "integer" },
        { name: "Weight", kind: "number", unit: "kg" },
        { name: "Express", kind: "boolean" }
      ],
      rows: Array.from({ length: 60 }, (_, at) => [
        `A-${10_400 + at}`,
        new Date(Date.UTC(2026, 2, 28, 23, 30) - at * 7_260_000).toISOString(),
        at % 7 === 3 ? null : `2026-03-${String(31 - (at % 28)).padStart(2, "0")}`,
        1_000 + at * 31.25,
        (at % 5) / 40,
        1 + (at % 9),
        at / 4,
        at % 3 === 0
      ]),
      totalRows: 214
    }
  },
  { type: "page-break" },
  {
    type: "failed",
    title: "Churn by plan",
    detail: "The query took longer than the 30 seconds it may take."
  }
]

/** Twelve sections, eight of them charts: what reports are measured and looked at with. */
export const sampleReport: ReportDocument = {
  title: "Monthly product report",
  subtitle: "What people did with the shop, and what it earned",
  project: "Example shop",
  timezone: "Europe/Berlin",
  locale: "en-GB",
  from: "2026-02-28T23:00:00Z",
  to: "2026-03-31T22:00:00Z",
  asOf: "2026-04-01T04:00:00Z",
  notices: [
    {
      kind: "incomplete",
      text: "Data of 31 March after 22:40 had not arrived when this report was made."
    },
    {
      kind: "revised",
      text: "Revenue of 12 March is €1,204 higher than in the report of 1 April."
    }
  ],
  blocks
}
