import type { Chart } from "../Chart.ts"
import type { ChartOptions } from "./ChartOptions.ts"
import { chartText } from "./chartText.ts"
import type { Drawing } from "./drawing.ts"
import { chartLabel } from "./fitText.ts"
import { funnelDrawing } from "./funnelDrawing.ts"
import { metricDrawing } from "./metricDrawing.ts"
import { pathsDrawing } from "./pathsDrawing.ts"
import { retentionDrawing } from "./retentionDrawing.ts"
import { seriesDrawing } from "./seriesDrawing.ts"
import { vegaSvg } from "./vegaSvg.ts"

const drawingOf = (chart: Chart, options: ChartOptions): Drawing => {
  switch (chart.form) {
    case "funnel":
      return funnelDrawing(chart, options)
    case "retention":
      return retentionDrawing(chart, options)
    case "paths":
      return pathsDrawing(chart, options)
    case "number":
      return metricDrawing(chart, options)
    default:
      return seriesDrawing(chart, options)
  }
}

const names: Record<Chart["form"], string> = {
  line: "Line chart",
  area: "Area chart",
  bar: "Bar chart",
  stacked: "Stacked chart",
  funnel: "Funnel",
  retention: "Retention",
  paths: "Paths",
  number: "Number"
}

/**
 * A chart as one SVG element: no script, nothing loaded from elsewhere, every text escaped,
 * `role="img"` with a title and a sentence that says what is shown. The same chart and
 * options give the same text in every process.
 */
export const chartSvg = (chart: Chart, given: ChartOptions): string => {
  const options = {
    ...given,
    width: Math.round(Math.min(2000, Math.max(240, given.width)))
  }
  return vegaSvg(drawingOf(chart, options), options, {
    title: chartLabel(options.title ?? "") || names[chart.form],
    description: chartText(chart, options)
  })
}
