import { markdownHtml } from "../markdown/markdownHtml.ts"
import { parseMarkdown } from "../markdown/parseMarkdown.ts"
import type { Block, ReportDocument } from "../ReportDocument.ts"
import { chartHtml } from "./chartHtml.ts"
import { escapeHtml } from "./escapeHtml.ts"
import { metricHtml } from "./metricHtml.ts"
import { tableHtml } from "./tableHtml.ts"

/** Most characters of a page; a longer one says that it ends. */
export const longestPage = 24_000_000

/** The headings so far: those of sections are one level beneath the last one of a text. */
export interface Outline {
  level: number
  readonly entries: Array<{ readonly id: string; readonly title: string }>
}

export const newOutline = (): Outline => ({ level: 1, entries: [] })

const about = (text: string | undefined): string =>
  text === undefined || text.trim() === ""
    ? ""
    : `<p class="about" dir="auto">${escapeHtml(text, 2000)}</p>\n`

/** One section, named by its heading. */
const card = (
  title: string,
  id: string,
  outline: Outline,
  inner: string,
  kind = ""
): string => {
  const level = Math.min(6, outline.level + 1)
  outline.entries.push({ id, title })
  return `<section class="card${kind}" aria-labelledby="${id}">
<h${level} id="${id}" dir="auto">${escapeHtml(title, 500)}</h${level}>
${inner}</section>`
}

/** A block as HTML; `id` is unique in the page. */
export const blockHtml = (
  block: Block,
  id: string,
  document: ReportDocument,
  outline: Outline
): string => {
  switch (block.type) {
    case "markdown":
      return `<div class="prose">${markdownHtml(parseMarkdown(block.text), {
        headingLevel: (level) => {
          outline.level = Math.min(level + 1, outline.level + 1, 6)
          return outline.level
        }
      })}</div>`
    case "chart":
      return block.chart.form === "number"
        ? `<ul class="metrics"><li>${metricHtml(block.title, block.chart, Math.min(6, outline.level + 1), document.locale)}</li></ul>`
        : card(
            block.title,
            id,
            outline,
            about(block.description) + chartHtml(block, id, document)
          )
    case "table":
      return card(
        block.title,
        id,
        outline,
        about(block.description) + tableHtml(block.table, block.title, document)
      )
    case "metrics":
      return `<ul class="metrics">${block.metrics
        .map(
          ({ title, metric }) =>
            `<li>${metricHtml(title, metric, Math.min(6, outline.level + 1), document.locale)}</li>`
        )
        .join("\n")}</ul>`
    case "page-break":
      return '<div class="page-break"></div>'
    case "failed":
      return card(
        block.title,
        id,
        outline,
        `<p dir="auto">This section could not be made: ${escapeHtml(block.detail, 2000)}</p>\n`,
        " failed"
      )
  }
}
