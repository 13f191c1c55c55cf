import type { ChartOptions } from "./ChartOptions.ts"
import { hatched } from "./hatch.ts"
import type { LegendEntry, Swatch } from "./legend.ts"
import type { DrawnSeries } from "./seriesData.ts"
import { chartColors, faint, mix, seriesStyle } from "./theme.ts"

/** How one series is drawn, and looks in the legend. */
export interface Look {
  readonly color: string
  readonly dash: ReadonlyArray<number>
  readonly width: number
  readonly fill: string
  /** Of a value that will still change: hatched otherwise than the series itself. */
  readonly openFill: string
}

export const lookOf = (series: DrawnSeries, options: ChartOptions): Look => {
  const { surface } = chartColors(options.theme)
  const id = options.id ?? "chart"
  const style = seriesStyle(options.theme, series.style)
  if (series.role === "compare") {
    const color = faint(style.color, surface)
    // Bars have no dashes to be told by: these are pale with a line around them.
    const fill = mix(style.color, surface, 0.6)
    return { color, dash: [4, 3], width: 1.5, fill, openFill: fill }
  }
  if (series.role === "forecast")
    return {
      color: style.color,
      dash: [2, 4],
      width: 2,
      fill: hatched(id, style.color, "dots", surface),
      openFill: hatched(id, style.color, "dots", surface)
    }
  return {
    color: style.color,
    dash: style.dash,
    width: 2,
    fill: hatched(id, style.color, style.hatch, surface),
    openFill:
      style.hatch === "plain"
        ? hatched(id, style.color, "up", surface)
        : mix(style.color, surface, 0.8)
  }
}

/** How a series is called beside others: two of one name are told apart by their role. */
const shownName = (series: DrawnSeries): string =>
  series.role === "compare"
    ? `${series.name} (before)`
    : series.role === "forecast"
      ? `${series.name} (forecast)`
      : series.name

export const legendEntry = (
  series: DrawnSeries,
  filled: boolean,
  options: ChartOptions
): LegendEntry => {
  const look = lookOf(series, options)
  const swatch: Swatch = filled
    ? { kind: "area", fill: look.fill, stroke: look.color }
    : { kind: "line", color: look.color, dash: look.dash, width: look.width }
  return { name: shownName(series), swatch }
}
