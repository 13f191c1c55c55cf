import type { Chart, Metric } from "../Chart.ts"
import type { Block, ReportDocument } from "../ReportDocument.ts"
import type { ReportTable, ValueKind } from "../ReportTable.ts"

/** One number of a report: where it stands, and how it is written. */
export interface ReportNumber {
  /** Title of the section. */
  readonly section: string
  /** Which one of the section: `People, 2026-03-02`; empty when it has but one. */
  readonly name: string
  /** What it is known by where that is more than its name: its series is the only one. */
  readonly known?: string
  readonly value: number | null
  readonly kind: ValueKind
  readonly unit: string | undefined
}

const numeric: ReadonlySet<ValueKind> = new Set([
  "integer",
  "number",
  "percent",
  "currency",
  "duration"
])

const ofMetric = (section: string, { value, values }: Metric): ReportNumber => ({
  section,
  name: "",
  value,
  kind: values.kind,
  unit: values.unit
})

const named = (...parts: ReadonlyArray<string | null>): string =>
  parts.filter((part) => part !== null && part !== "").join(", ")

const ofChart = (section: string, chart: Chart): ReadonlyArray<ReportNumber> => {
  const number = (name: string, value: number | null, kind: ValueKind) => ({
    section,
    name,
    value,
    kind,
    unit: undefined
  })
  switch (chart.form) {
    case "number":
      return [ofMetric(section, chart)]
    case "funnel":
      return chart.groups.flatMap((group) =>
        group.steps.map((step) =>
          number(named(group.name, step.name), step.count, "integer")
        )
      )
    case "retention":
      return chart.cohorts.flatMap(({ label, rates, size }) => [
        number(label, size, "integer"),
        ...rates.map((rate, at) =>
          number(named(label, `${chart.interval} ${at}`), rate, "percent")
        )
      ])
    case "paths":
      return chart.edges.map(({ count, from, position, to }) =>
        number(`${position}. ${from} → ${to}`, count, "integer")
      )
    default:
      return chart.series
        .filter(({ role }) => role === undefined)
        .flatMap(({ data, name }) =>
          chart.labels.map((label, at) => ({
            section,
            name: chart.series.length === 1 ? label : named(name, label),
            known: named(name, label),
            value: data[at] ?? null,
            kind: chart.values.kind,
            unit: chart.values.unit
          }))
        )
  }
}

/** Rows are known by what they say besides numbers. */
const ofTable = (
  section: string,
  { columns, rows }: ReportTable
): ReadonlyArray<ReportNumber> =>
  rows.flatMap((row) => {
    const about = row.flatMap((cell, at) =>
      numeric.has(columns[at]?.kind ?? "text") || cell === null ? [] : [String(cell)]
    )
    return columns.flatMap(({ kind, name, unit }, at) => {
      const value = row[at] ?? null
      return numeric.has(kind) && (value === null || typeof value === "number")
        ? [{ section, name: named(...about, name), value, kind, unit }]
        : []
    })
  })

const ofBlock = (block: Block): ReadonlyArray<ReportNumber> => {
  switch (block.type) {
    case "metrics":
      return block.metrics.map(({ metric, title }) => ofMetric(title, metric))
    case "chart":
      return ofChart(block.title, block.chart)
    case "table":
      return ofTable(block.title, block.table)
    default:
      return []
  }
}

/** All numbers of a report, in its order; not what they are compared with, nor forecasts. */
export const numbersOf = ({ blocks }: ReportDocument): ReadonlyArray<ReportNumber> =>
  blocks.flatMap(ofBlock)
