import type { Chart, Metric } from "../Chart.ts"
import { chartPng } from "../chart/chartPng.ts"
import { chartSvg } from "../chart/chartSvg.ts"
import { chartText } from "../chart/chartText.ts"
import { metricChange } from "../format/metricChange.ts"
import { numberText } from "../format/numberText.ts"
import { plainText } from "../format/plainText.ts"
import { shownTable, type TableLimits } from "../format/shownTable.ts"
import { escapeHtml } from "../html/escapeHtml.ts"
import { markdownHtml } from "../markdown/markdownHtml.ts"
import { parseMarkdown } from "../markdown/parseMarkdown.ts"
import type { Block, ReportDocument } from "../ReportDocument.ts"
import type { ReportTable } from "../ReportTable.ts"
import { markdownStyle, style } from "./emailStyle.ts"

/** A picture that a part of a mail shows. */
export interface EmailImage {
  readonly cid: string
  readonly filename: string
  readonly mediaType: "image/png"
  readonly bytes: Uint8Array
}

export interface EmailPart {
  readonly html: string
  readonly images: ReadonlyArray<EmailImage>
}

/** Most characters of a text: the rest of a mail has to find room beneath it. */
const longestText = 20_000

const limits: TableLimits = { rows: 15, columns: 6, cell: 200, total: 8000 }

const tableHtml = (table: ReportTable, document: ReportDocument): string => {
  const { columns, empty, note, rows } = shownTable(table, limits, document)
  const about =
    note === null ? "" : `<p style="${style.soft}">${escapeHtml(note)}</p>\n`
  if (rows.length === 0)
    return `<p style="${style.soft}">${escapeHtml(empty)}</p>\n${about}`
  const align = (at: number) => (columns[at]?.numeric === true ? "right" : "left")
  const head = columns
    .map(
      ({ name }, at) =>
        `<th scope="col" align="${align(at)}" dir="auto" style="${style.th};text-align:${align(at)}">${escapeHtml(name)}</th>`
    )
    .join("")
  const body = rows
    .map(
      (row) =>
        `<tr>${row
          .map(
            (cell, at) =>
              `<td align="${align(at)}" dir="auto" style="${style.td};text-align:${align(at)}">${escapeHtml(cell)}</td>`
          )
          .join("")}</tr>`
    )
    .join("\n")
  return `<div style="overflow-x:auto"><table cellpadding="0" cellspacing="0" border="0" style="${style.table}"><thead><tr>${head}</tr></thead>
<tbody>${body}</tbody></table></div>
${about}`
}

const metricHtml = (title: string, metric: Metric, locale: string): string => {
  const { value, values } = metric
  const change = metricChange(metric, locale)
  const color =
    change?.good === true ? style.good : change?.good === false ? style.bad : ""
  const compared =
    change === null
      ? ""
      : `\n<p style="${style.soft}"><b style="${color}">${escapeHtml(change.text)}</b> from ${escapeHtml(change.before)}, <bdi>${escapeHtml(change.label)}</bdi></p>`
  return `<p dir="auto" style="${style.soft};font-weight:600">${escapeHtml(title, 500)}</p>
<p style="${style.value}">${escapeHtml(numberText(value, values.kind, values.unit, locale))}</p>${compared}`
}

const card = (inner: string): string =>
  `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="table-layout:fixed"><tr><td style="${style.card}">
${inner}</td></tr></table>`

const metricsHtml = (
  metrics: Extract<Block, { type: "metrics" }>["metrics"],
  locale: string
): string => {
  const rows = Array.from({ length: Math.ceil(metrics.length / 2) }, (_, at) =>
    metrics.slice(at * 2, at * 2 + 2)
  )
  const cells = rows.map(
    (row) =>
      `<tr>${row
        .map(
          ({ title, metric }) =>
            `<td width="50%" valign="top" style="${style.card}">${metricHtml(title, metric, locale)}</td>`
        )
        .join("")}${row.length === 1 ? '<td width="50%"></td>' : ""}</tr>`
  )
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="table-layout:fixed">${cells.join("\n")}</table>`
}

const heading = (title: string, description?: string): string =>
  `<h2 dir="auto" style="${style.heading}">${escapeHtml(title, 500)}</h2>
${description === undefined ? "" : `<p dir="auto" style="${style.soft}">${escapeHtml(description, 2000)}</p>\n`}`

/** CSS pixels of a chart in a mail; drawn twice as fine. */
const chartWidth = 600

const chart = (
  drawn: Chart,
  title: string,
  nth: number,
  document: ReportDocument
): EmailPart => {
  const cid = `chart-${nth}@report`
  const svg = chartSvg(drawn, {
    theme: "light",
    width: chartWidth,
    locale: document.locale,
    timezone: document.timezone,
    title,
    id: `c${nth}`
  })
  const alt = escapeHtml(`${title}. ${chartText(drawn, document)}`, 1000)
  return {
    html: `<p style="margin:12px 0 0"><img src="cid:${cid}" width="${chartWidth}" alt="${alt}" style="${style.image}"></p>\n`,
    images: [
      {
        cid,
        filename: `chart-${nth}.png`,
        mediaType: "image/png",
        bytes: chartPng(svg, 2)
      }
    ]
  }
}

const text = (html: string): EmailPart => ({ html, images: [] })

/** A block of a report in a mail; `nth` is its number in the report, from 1. */
export const emailBlock = (
  block: Block,
  nth: number,
  document: ReportDocument
): EmailPart => {
  switch (block.type) {
    case "markdown":
      return text(
        markdownHtml(parseMarkdown(plainText(block.text, longestText)), {
          headingLevel: () => 2,
          styles: markdownStyle
        })
      )
    case "chart": {
      if (block.chart.form === "number")
        return text(card(metricHtml(block.title, block.chart, document.locale)))
      const { html, images } = chart(block.chart, block.title, nth, document)
      const table = block.table === undefined ? "" : tableHtml(block.table, document)
      return {
        html: card(heading(block.title, block.description) + html + table),
        images
      }
    }
    case "table":
      return text(
        card(heading(block.title, block.description) + tableHtml(block.table, document))
      )
    case "metrics":
      return text(metricsHtml(block.metrics, document.locale))
    case "page-break":
      return text("")
    case "failed":
      return text(
        card(
          `${heading(block.title)}<p dir="auto">This section could not be made: ${escapeHtml(block.detail, 2000)}</p>\n`
        )
      )
  }
}
