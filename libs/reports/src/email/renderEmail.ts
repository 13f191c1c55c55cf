import { documentHead, shortNotices } from "../format/documentHead.ts"
import { numberLocale } from "../format/numberText.ts"
import { escapeHtml } from "../html/escapeHtml.ts"
import { isSafeLink } from "../markdown/safeLink.ts"
import type { ReportDocument } from "../ReportDocument.ts"
import { renderText } from "../text/renderText.ts"
import { type EmailImage, emailBlock } from "./emailBlock.ts"
import { style } from "./emailStyle.ts"

/** What mail programs show: HTML, the pictures in it, and the same as plain text. */
export interface RenderedEmail {
  readonly html: string
  readonly text: string
  /** Related parts of the HTML, each named by `src="cid:<cid>"` there. */
  readonly images: ReadonlyArray<EmailImage>
}

export interface EmailOptions {
  /** Where the whole report can be seen (`https:`): named at the end, and where it is cut. */
  readonly href?: string
  /** Whether the whole report is attached, which the mail then says. */
  readonly attached?: boolean
  /** Links at the end, such as one to unsubscribe. */
  readonly footer?: ReadonlyArray<{ readonly text: string; readonly href: string }>
}

/** UTF-8 bytes of the whole HTML: Gmail shows 102 KB of a mail and hides the rest. */
const longest = 100_000
/** Bytes of all pictures together. */
const largest = 4_000_000

const link = (text: string, href: string): string =>
  isSafeLink(href)
    ? `<a href="${escapeHtml(href)}" style="${style.link}">${escapeHtml(text, 200)}</a>`
    : escapeHtml(text, 200)

const row = (inner: string): string =>
  `<tr><td style="padding:0 0 16px">${inner}</td></tr>\n`

const whereTheRestIs = ({ href, attached }: EmailOptions): string =>
  href !== undefined && isSafeLink(href)
    ? `See ${link("the whole report", href)}.`
    : attached === true
      ? "The whole report is attached."
      : ""

/** The sections that fit into `bytes` of a mail, and whether there are more. */
const fitting = (document: ReportDocument, bytes: number) => {
  const rows: Array<string> = []
  const images: Array<EmailImage> = []
  let room = bytes
  let pixels = largest
  for (const [at, block] of document.blocks.entries()) {
    const part = emailBlock(block, at + 1, document)
    if (part.html === "") continue
    room -= Buffer.byteLength(row(part.html))
    pixels -= part.images.reduce((sum, { bytes }) => sum + bytes.length, 0)
    if (room < 0 || pixels < 0) return { rows, images, cut: true }
    rows.push(row(part.html))
    images.push(...part.images)
  }
  return { rows, images, cut: false }
}

/**
 * A report as a mail for every mail program: tables for layout, inline styles, charts as
 * pictures within it, nothing loaded from elsewhere. Long reports are cut, and it says so.
 * The same document and options give the same mail.
 */
export const renderEmail = (
  document: ReportDocument,
  options: EmailOptions = {}
): RenderedEmail => {
  const head = documentHead(document)
  const rest = whereTheRestIs(options)
  const about = [
    ...(head.range === null ? [] : [head.range]),
    `As of ${head.asOf} (${head.timezone})`
  ].join(" · ")
  const notices = shortNotices(head.notices).map(({ label, text }) =>
    row(
      `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td style="${style.notice}"><b>${label}:</b> <bdi>${escapeHtml(text)}</bdi></td></tr></table>`
    )
  )
  const footer = (options.footer ?? []).map(({ text, href }) => link(text, href))
  const page = (sections: ReadonlyArray<string>, cut: boolean): string => {
    const end = [cut ? "The report goes on; this mail ends here." : "", rest]
      .join(" ")
      .trim()
    return `<!doctype html>
<html lang="${escapeHtml(numberLocale(document.locale))}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<meta name="supported-color-schemes" content="light">
<title>${escapeHtml(head.title)}</title>
</head>
<body style="${style.body}">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="${style.outer}"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" align="center" style="table-layout:fixed;${style.inner}">
${row(`<p dir="auto" style="${style.project}">${escapeHtml(head.project)}</p>
<h1 dir="auto" style="${style.title}">${escapeHtml(head.title)}</h1>
${head.subtitle === null ? "" : `<p dir="auto" style="${style.soft}">${escapeHtml(head.subtitle)}</p>\n`}<p style="${style.soft}">${escapeHtml(about)}</p>`)}${notices.join("")}${sections.join("")}${end === "" ? "" : row(`<p style="margin:0">${end}</p>`)}${footer.length === 0 ? "" : row(`<p style="${style.soft}">${footer.join(" · ")}</p>`)}</table>
</td></tr></table>
</body>
</html>
`
  }
  const room = longest - Buffer.byteLength(page([], true))
  const { rows, images, cut } = fitting(document, room)
  const html = page(rows, cut)
  const links = [
    ...(options.href === undefined ? [] : [`The whole report: ${options.href}`]),
    ...(options.attached === true ? ["The whole report is attached."] : []),
    ...(options.footer ?? []).map(({ text, href }) => `${text}: ${href}`)
  ]
  const text = renderText(document)
  return {
    html,
    text: links.length === 0 ? text : `${text}\n--\n${links.join("\n")}\n`,
    images
  }
}
