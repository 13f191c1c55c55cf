import { chartSvg } from "../chart/chartSvg.ts"
import { chartTable } from "../chart/chartTable.ts"
import type { Block, ReportDocument } from "../ReportDocument.ts"
import { escapeHtml } from "./escapeHtml.ts"
import { tableHtml } from "./tableHtml.ts"

/** Widths a chart is drawn in: for screens and paper, and for phones. */
const widths = { wide: 880, narrow: 350 } as const

/**
 * A chart drawn for wide and narrow, bright and dark screens, of which the style sheet shows
 * one, and its numbers beneath. `id` is unique in the page.
 */
export const chartHtml = (
  { chart, numbers, table, title }: Extract<Block, { type: "chart" }>,
  id: string,
  document: ReportDocument
): string => {
  const drawn = (["wide", "narrow"] as const).map((width) => {
    const themes = (["light", "dark"] as const).map(
      (theme) =>
        `<div class="only-${theme}">${chartSvg(chart, {
          theme,
          width: widths[width],
          locale: document.locale,
          timezone: document.timezone,
          title,
          id: `${id}-${width}-${theme}`
        })}</div>`
    )
    return `<div class="${width}">${themes.join("")}</div>`
  })
  const shown = tableHtml(
    table ?? numbers ?? chartTable(chart),
    `Numbers of ${title}`,
    document
  )
  return `<figure class="chart two">${drawn.join("\n")}</figure>
${
  table === undefined
    ? `<details class="numbers"><summary>Numbers of this chart<span class="hidden">: ${escapeHtml(title, 500)}</span></summary>\n${shown}</details>`
    : shown
}`
}
