import { chartSvg } from "../chart/chartSvg.ts"
import { chartText } from "../chart/chartText.ts"
import type { Writing } from "../format/formatCell.ts"
import { plainText } from "../format/plainText.ts"
import { shownTable } from "../format/shownTable.ts"
import type { Block } from "../ReportDocument.ts"
import type { ReportTable } from "../ReportTable.ts"
import { chartImage, svgSize } from "./chartImage.ts"
import { metricCard } from "./metricCard.ts"
import type { PdfBlock, Titled } from "./PdfModel.ts"
import { setMarkdown } from "./pdfMarkdown.ts"
import { breakLongWords, headingText, isRightToLeft, showable } from "./showable.ts"
import { type Space, tableParts } from "./tableParts.ts"

export interface PageSetting {
  readonly writing: Writing
  readonly space: Space
  /** Points; no chart is higher. */
  readonly chartHeight: number
  /** Most rows of one table. */
  readonly rows: number
  /** Most cells of all tables. */
  readonly cells: number
  /** For a picture: text of charts becomes outlines. */
  readonly picture: boolean
}

/** A turned page is for what stands on it alone. */
export interface SetBlock {
  readonly landscape: boolean
  readonly block: PdfBlock
}

/** CSS pixels a chart is drawn in; its type is then about as large as that of tables. */
const chartWidth = 680

const mostColumns = 200
/** Characters. */
const longestCell = 1000

/** A chart and a table this long fit a page together. */
const mostRowsWithChart = 12
const mostMetrics = 200

/** Blocks as they are set, one after the other. */
export class BlockSetter {
  readonly files = new Map<string, string>()
  readonly #setting: PageSetting
  #cells = 0
  /** Left for the cells of tables. */
  #characters = 3_000_000
  /** Levels of the headings that what comes next is beneath. */
  readonly #open: Array<number> = []
  /** Whether Markdown has begun a chapter that charts and tables are part of. */
  #inChapter = false

  constructor(setting: PageSetting) {
    this.#setting = setting
  }

  /** Cells of the tables so far. */
  get cells(): number {
    return this.#cells
  }

  /** Readers of the outline would miss a level that is skipped. */
  #depth(level: number): number {
    while ((this.#open[this.#open.length - 1] ?? 0) >= level) this.#open.pop()
    return this.#open.push(level)
  }

  #titled(title: string, description: string | undefined): Titled {
    const shown = headingText(title, 500)
    return {
      title: breakLongWords(shown, 28),
      level: this.#depth(this.#inChapter ? 2 : 1),
      rtl: isRightToLeft(shown),
      description: breakLongWords(showable(description ?? "", 4000), 50)
    }
  }

  #table(table: ReportTable, space: Space, caption = ""): ReadonlyArray<SetBlock> {
    const { writing, rows: most, cells } = this.#setting
    const columns = Math.min(table.columns.length, mostColumns)
    const rows = Math.min(
      most,
      Math.floor((cells - this.#cells) / Math.max(1, columns))
    )
    const shown = shownTable(
      table,
      { rows, columns, cell: longestCell, total: this.#characters },
      writing
    )
    this.#cells += shown.rows.length * columns
    for (const row of shown.rows)
      for (const cell of row) this.#characters -= cell.length
    const note =
      shown.note ?? (shown.rows.length === 0 ? showable(shown.empty, 500) : "")
    const parts = shown.rows.length === 0 ? [] : tableParts(shown, space)
    const landscape = parts.some((part) => part.landscape)
    return [
      ...parts.map((part) => ({
        landscape,
        block: {
          type: "part" as const,
          part: { ...part, caption: part.caption || caption }
        }
      })),
      ...(note === ""
        ? []
        : [{ landscape, block: { type: "note" as const, text: note } }])
    ]
  }

  #chart(block: Extract<Block, { type: "chart" }>): ReadonlyArray<SetBlock> {
    const { writing, space, chartHeight, picture } = this.#setting
    const { chart } = block
    const upright = { portrait: space.portrait }
    const table = block.table ?? { columns: [], rows: [] }
    const fits = table.rows.length <= mostRowsWithChart
    if (chart.form === "number") {
      const card = metricCard(block.title, chart, writing.locale, space.portrait / 2)
      const metrics = { type: "metrics" as const, columns: 2, metrics: [card] }
      const rows = table.columns.length === 0 ? [] : this.#table(table, upright)
      return [{ landscape: false, block: metrics }, ...rows]
    }
    const titled = this.#titled(block.title, block.description)
    const tables =
      table.columns.length === 0
        ? []
        : this.#table(table, upright, fits ? "" : titled.title)
    const title = plainText(block.title, 300)
    const svg = chartImage(
      chartSvg(chart, { theme: "print", width: chartWidth, title, ...writing }),
      !picture
    )
    const path = `chart-${this.files.size}.svg`
    this.files.set(path, svg)
    const size = svgSize(svg)
    const scale = Math.min(space.portrait / size.width, chartHeight / size.height)
    return [
      {
        landscape: false,
        block: {
          type: "figure",
          ...titled,
          path,
          alt: `${title}. ${plainText(chartText(chart, writing), 2000)}`,
          width: size.width * scale,
          height: size.height * scale,
          parts: fits
            ? tables.flatMap(({ block }) => (block.type === "part" ? block.part : []))
            : []
        }
      },
      ...tables.filter(({ block }) => !fits || block.type !== "part")
    ]
  }

  set(block: Block): ReadonlyArray<SetBlock> {
    const { writing, space } = this.#setting
    const upright = (made: PdfBlock) => [{ landscape: false, block: made }]
    switch (block.type) {
      case "markdown":
        return upright({
          type: "markdown",
          nodes: setMarkdown(block.text, {
            space,
            headingLevel: (level) => {
              if (level === 1) this.#inChapter = true
              return this.#depth(level)
            }
          })
        })
      case "chart":
        return this.#chart(block)
      case "table": {
        const heading = this.#titled(block.title, block.description)
        const parts = this.#table(block.table, space)
        const landscape = parts.some((part) => part.landscape)
        return [{ landscape, block: { type: "heading", ...heading } }, ...parts]
      }
      case "metrics": {
        const columns = Math.max(1, Math.min(4, block.metrics.length))
        const width = space.portrait / columns
        return upright({
          type: "metrics",
          columns,
          metrics: block.metrics
            .slice(0, mostMetrics)
            .map(({ title, metric }) =>
              metricCard(title, metric, writing.locale, width)
            )
        })
      }
      case "page-break":
        return upright({ type: "page-break" })
      case "failed":
        return upright({
          type: "failed",
          ...this.#titled(block.title, undefined),
          detail: breakLongWords(showable(block.detail, 4000), 45)
        })
    }
  }
}
