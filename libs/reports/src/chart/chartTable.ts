import type { Chart, FunnelChart, SeriesChart } from "../Chart.ts"
import type { Cell, Column, ReportTable } from "../ReportTable.ts"

const finite = (value: number | null | undefined): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null

const day = /^\d{4}-\d{2}-\d{2}$/u

const suffix = { compare: " (before)", forecast: " (forecast)" }

/** What is known of each label besides its values; undefined when of none. */
const notes = (chart: SeriesChart): ReadonlyArray<string | null> | undefined => {
  if ((chart.marks ?? []).length === 0 && chart.openEnd !== true) return undefined
  return chart.labels.map((label, at) => {
    const said = (chart.marks ?? [])
      .filter((mark) => mark.label === label)
      .map(({ kind, text }) => (kind === "anomaly" ? `Anomaly: ${text}` : text))
    if (chart.openEnd === true && at === chart.labels.length - 1)
      said.push("Has not ended")
    return said.length === 0 ? null : said.join("; ")
  })
}

const seriesTable = (chart: SeriesChart): ReportTable => {
  const dates =
    chart.labels.length > 0 && chart.labels.every((label) => day.test(label))
  const first: Column =
    chart.axis === "category"
      ? { name: chart.category ?? "Name", kind: "text" }
      : { name: dates ? "Date" : "Time", kind: dates ? "date" : "text" }
  const numbers = chart.series.flatMap(({ name, role, data, lower, upper }) => {
    const title = `${name}${role === undefined ? "" : suffix[role]}`
    return [
      { name: title, data },
      ...(lower === undefined ? [] : [{ name: `${title}, at least`, data: lower }]),
      ...(upper === undefined ? [] : [{ name: `${title}, at most`, data: upper }])
    ]
  })
  const said = notes(chart)
  return {
    columns: [
      first,
      ...numbers.map(({ name }) => ({ name, ...chart.values })),
      ...(said === undefined ? [] : [{ name: "Notes", kind: "text" as const }])
    ],
    rows: chart.labels.map(
      (label, at): Array<Cell> => [
        label,
        ...numbers.map(({ data }) => finite(data[at])),
        ...(said === undefined ? [] : [said[at] ?? null])
      ]
    )
  }
}

const funnelTable = ({ groups }: FunnelChart): ReportTable => {
  const grouped = groups.length > 1 || groups.some(({ name }) => name !== null)
  return {
    columns: [
      ...(grouped ? [{ name: "Group", kind: "text" as const }] : []),
      { name: "Step", kind: "text" },
      { name: "People", kind: "integer" },
      { name: "Of the first step", kind: "percent" },
      { name: "Of the step before", kind: "percent" }
    ],
    rows: groups.flatMap(({ name, steps }) =>
      steps.map(
        (step): Array<Cell> => [
          ...(grouped ? [name ?? "Everybody"] : []),
          step.name,
          finite(step.count),
          finite(step.rateFromFirst),
          finite(step.rateFromPrevious)
        ]
      )
    )
  }
}

/**
 * Everything a chart shows, and what is left out of its picture, as a table: for those who
 * cannot see it or want the numbers. Texts are as they came.
 */
export const chartTable = (chart: Chart): ReportTable => {
  switch (chart.form) {
    case "funnel":
      return funnelTable(chart)
    case "retention": {
      const periods = chart.cohorts.reduce(
        (most, { rates }) => Math.max(most, rates.length),
        0
      )
      const columns = Array.from({ length: periods }, (_, at) => at)
      return {
        columns: [
          {
            name: "Cohort",
            kind: chart.cohorts.every(({ label }) => day.test(label)) ? "date" : "text"
          },
          { name: "Size", kind: "integer" },
          ...columns.map((at) => ({
            name: `${chart.interval} ${at}`,
            kind: "percent" as const
          }))
        ],
        rows: chart.cohorts.map(
          ({ label, size, rates }): Array<Cell> => [
            label,
            finite(size),
            ...columns.map((at) => finite(rates[at]))
          ]
        )
      }
    }
    case "paths":
      return {
        columns: [
          { name: "Step", kind: "integer" },
          { name: "From", kind: "text" },
          { name: "To", kind: "text" },
          { name: "People", kind: "integer" }
        ],
        rows: chart.edges.map(
          ({ position, from, to, count }): Array<Cell> => [
            position,
            from,
            to,
            finite(count)
          ]
        )
      }
    case "number":
      return {
        columns: [
          { name: "Value", ...chart.values },
          ...(chart.compare === undefined
            ? []
            : [{ name: chart.compare.label, ...chart.values }])
        ],
        rows: [
          [
            finite(chart.value),
            ...(chart.compare === undefined ? [] : [finite(chart.compare.value)])
          ]
        ]
      }
    default:
      return seriesTable(chart)
  }
}
