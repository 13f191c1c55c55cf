import { chartTable } from "../chart/chartTable.ts"
import type { ReportDocument } from "../ReportDocument.ts"
import type { ReportTable } from "../ReportTable.ts"

/** A part of a report that is a table: a sheet of a workbook, a file of a zip. */
export interface Section {
  readonly title: string
  readonly table: ReportTable
}

type Metrics = Extract<ReportDocument["blocks"][number], { type: "metrics" }>["metrics"]

/** Numbers beside each other as columns: what they are, and what they were before. */
const metricsTable = (metrics: Metrics): ReportTable => {
  const before = metrics.flatMap(({ metric: { compare } }) => compare?.label ?? [])
  const [first = ""] = before
  const label =
    new Set(before).size === 1
      ? `${first.slice(0, 1).toUpperCase()}${first.slice(1)}`
      : "Before"
  return {
    columns: [
      { name: before.length === 0 ? "" : "Period", kind: "text" },
      ...metrics.map(({ title, metric: { values } }) => ({ name: title, ...values }))
    ],
    rows: [
      [
        before.length === 0 ? "Value" : "This period",
        ...metrics.map(({ metric }) => metric.value)
      ],
      ...(before.length === 0
        ? []
        : [[label, ...metrics.map(({ metric }) => metric.compare?.value ?? null)]])
    ]
  }
}

/** Everything of a report that has rows, in its order. */
export const sections = (document: ReportDocument): ReadonlyArray<Section> =>
  document.blocks.flatMap((block): ReadonlyArray<Section> => {
    switch (block.type) {
      case "chart":
        return [
          {
            title: block.title,
            table:
              block.chart.form === "number"
                ? metricsTable([{ title: block.title, metric: block.chart }])
                : (block.table ?? block.numbers ?? chartTable(block.chart))
          }
        ]
      case "table":
        return [{ title: block.title, table: block.table }]
      case "metrics":
        return [{ title: "Metrics", table: metricsTable(block.metrics) }]
      default:
        return []
    }
  })
