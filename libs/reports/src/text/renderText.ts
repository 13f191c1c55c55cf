import type { Metric } from "../Chart.ts"
import { chartTable } from "../chart/chartTable.ts"
import { chartText } from "../chart/chartText.ts"
import { documentHead, shortNotices } from "../format/documentHead.ts"
import { metricChange } from "../format/metricChange.ts"
import { numberText } from "../format/numberText.ts"
import { plainLine, plainText } from "../format/plainText.ts"
import { shownTable, type TableLimits } from "../format/shownTable.ts"
import { markdownText } from "../markdown/markdownText.ts"
import { parseMarkdown } from "../markdown/parseMarkdown.ts"
import type { Block, ReportDocument } from "../ReportDocument.ts"
import { tableText } from "./tableText.ts"

const limits: TableLimits = { rows: 20, columns: 12, cell: 200, total: 20_000 }

/** Most characters of the whole: mail programs stop at a few hundred thousand. */
const longest = 100_000
/** Most characters of one of its texts. */
const longestBlock = 20_000

const heading = (text: string, line: string): string => {
  const title = plainLine(text, 500)
  return `${title}\n${line.repeat(Math.max(1, Math.min(72, title.length)))}`
}

/** `Revenue: €1,204 (+12.5% from €1,070, previous 7 days)`. */
const metricText = (title: string, metric: Metric, locale: string): string => {
  const { value, values } = metric
  const change = metricChange(metric, locale)
  const compared =
    change === null ? "" : ` (${change.text} from ${change.before}, ${change.label})`
  return `${plainLine(title, 500)}: ${numberText(value, values.kind, values.unit, locale)}${compared}`
}

const blockText = (block: Block, document: ReportDocument): string => {
  switch (block.type) {
    case "markdown":
      return markdownText(parseMarkdown(plainText(block.text, longestBlock)))
    case "chart":
      return block.chart.form === "number"
        ? metricText(block.title, block.chart, document.locale)
        : [
            heading(block.title, "-"),
            ...(block.description === undefined ? [] : [plainLine(block.description)]),
            chartText(block.chart, document),
            tableText(
              shownTable(
                block.table ?? block.numbers ?? chartTable(block.chart),
                limits,
                document
              )
            )
          ].join("\n\n")
    case "table":
      return [
        heading(block.title, "-"),
        ...(block.description === undefined ? [] : [plainLine(block.description)]),
        tableText(shownTable(block.table, limits, document))
      ].join("\n\n")
    case "metrics":
      return block.metrics
        .map(({ title, metric }) => metricText(title, metric, document.locale))
        .join("\n")
    case "page-break":
      return "* * *"
    case "failed":
      return `${heading(block.title, "-")}\n\nThis section could not be made: ${plainLine(block.detail)}`
  }
}

/** A report as plain text, for mail programs that show no HTML. Charts are their numbers. */
export const renderText = (document: ReportDocument): string => {
  const head = documentHead(document)
  const parts = [
    [
      head.project,
      heading(head.title, "="),
      ...(head.subtitle === null ? [] : [head.subtitle]),
      ...(head.range === null ? [] : [head.range]),
      `As of ${head.asOf} (${head.timezone})`
    ].join("\n"),
    ...shortNotices(head.notices).map(({ label, text }) => `${label}: ${text}`)
  ]
  let room = longest - parts.join("\n\n").length
  for (const block of document.blocks) {
    const part = blockText(block, document)
    room -= part.length + 2
    if (room < 0) {
      parts.push("The report goes on; this text ends here.")
      break
    }
    parts.push(part)
  }
  return `${parts.join("\n\n")}\n`
}
