import type { ChartOptions } from "./ChartOptions.ts"
import { type Drawing, rects, texts } from "./drawing.ts"
import { chartColors } from "./theme.ts"

/** What is drawn when there is nothing to draw. */
export const emptyDrawing = ({ theme, width, height }: ChartOptions): Drawing => {
  const colors = chartColors(theme)
  const high = Math.max(60, height ?? 120)
  return {
    width,
    height: high,
    left: 0,
    top: 0,
    plotWidth: width,
    plotHeight: high,
    layers: [
      rects([{ x: 8, y: 8, x2: width - 8, y2: high - 8, fill: colors.track }], 6),
      texts([
        {
          x: width / 2,
          y: high / 2 + 4,
          text: "No data",
          color: colors.quiet,
          align: "center"
        }
      ])
    ]
  }
}
