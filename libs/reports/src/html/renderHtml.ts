import { documentHead } from "../format/documentHead.ts"
import { numberLocale } from "../format/numberText.ts"
import type { Rendered, ReportDocument } from "../ReportDocument.ts"
import { blockHtml, longestPage, newOutline, type Outline } from "./blockHtml.ts"
import { escapeHtml } from "./escapeHtml.ts"
import { pageStyle } from "./pageStyle.ts"

const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

const rightToLeft = /^(?:ar|ckb|dv|fa|he|ps|sd|ug|ur|yi)(?:-|$)/u

const contents = ({ entries }: Outline): string =>
  entries.length < 4
    ? ""
    : `<nav class="contents" aria-label="Contents"><details><summary>Contents</summary><ol>
${entries.map(({ id, title }) => `<li><a href="#${id}"><bdi>${escapeHtml(title, 500)}</bdi></a></li>`).join("\n")}
</ol></details></nav>
`

/**
 * A report as one page that loads nothing and runs nothing: charts are in it, and its own
 * policy forbids scripts and requests. Readable on a phone, in the dark, on paper, by
 * keyboard and by screen reader.
 */
export const renderHtml = (document: ReportDocument): Rendered => {
  const head = documentHead(document)
  const locale = numberLocale(document.locale)
  const outline = newOutline()
  const blocks: Array<string> = []
  let room = longestPage
  for (const [at, block] of document.blocks.entries()) {
    const part = blockHtml(block, `s${at + 1}`, document, outline)
    room -= part.length
    if (room < 0) {
      blocks.push('<p class="note">The report goes on; this page ends here.</p>')
      break
    }
    blocks.push(part)
  }
  if (document.blocks.length === 0)
    blocks.push('<p class="note">This report has no sections.</p>')
  const fact = (name: string, value: string) =>
    `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`
  const notices =
    head.notices.length === 0
      ? ""
      : `<ul class="notices" aria-label="Notices">${head.notices
          .map(
            ({ label, text }) =>
              `<li><b>${label}:</b> <bdi>${escapeHtml(text)}</bdi></li>`
          )
          .join("\n")}</ul>\n`
  const page = `<!doctype html>
<html lang="${escapeHtml(locale)}" dir="${rightToLeft.test(locale) ? "rtl" : "ltr"}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(head.title)} · ${escapeHtml(head.project)}</title>
<style>${pageStyle}</style>
</head>
<body>
<a class="skip" href="#report">Skip to the report</a>
<div class="page">
<header class="head">
<p class="project" dir="auto">${escapeHtml(head.project)}</p>
<h1 dir="auto">${escapeHtml(head.title)}</h1>
${head.subtitle === null ? "" : `<p class="subtitle" dir="auto">${escapeHtml(head.subtitle)}</p>\n`}<dl class="facts">${head.range === null ? "" : fact("Period", head.range)}${fact("As of", head.asOf)}${fact("Time zone", head.timezone)}</dl>
${notices}</header>
${contents(outline)}<main id="report" tabindex="-1">
${blocks.join("\n")}
</main>
<footer class="foot"><p>Everything known by ${escapeHtml(head.asOf)} (${escapeHtml(head.timezone)}) is in this report.</p></footer>
</div>
</body>
</html>
`
  return {
    mediaType: "text/html; charset=utf-8",
    extension: "html",
    bytes: new TextEncoder().encode(page)
  }
}
