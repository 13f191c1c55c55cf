import type { Chart } from "../Chart.ts"
import type { ReportTable } from "../ReportTable.ts"

/** Everything a chart shows, as a table: for those who cannot see it or want the numbers. */
export const chartTable = (chart: Chart): ReportTable => ({
  columns: [{ name: chart.form, kind: "text" }],
  rows: []
})
