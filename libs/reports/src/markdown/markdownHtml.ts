import { escapeHtml } from "../html/escapeHtml.ts"
import type { Inline, MarkdownNode, TableAlign } from "./MarkdownNode.ts"

/** Inline styles for mail programs, which ignore style sheets; "" where there is none. */
export type MarkdownStyles = Readonly<
  Record<
    "a" | "blockquote" | "code" | "heading" | "p" | "pre" | "table" | "cell",
    string
  >
>

export interface MarkdownHtmlOptions {
  /**
   * The level a heading of Markdown gets, 2 to 6. Called in the order of the text, so that
   * no level is left out.
   */
  readonly headingLevel: (level: number) => number
  readonly styles?: MarkdownStyles
}

/** More than any text has that is read by parts; a single text is bounded before. */
const whole = 1_000_000

const inlineHtml = (nodes: ReadonlyArray<Inline>, styles?: MarkdownStyles): string =>
  nodes
    .map((node) => {
      switch (node.type) {
        case "text":
          return escapeHtml(node.text, whole)
        case "code":
          return `<code${attribute(styles?.code)}>${escapeHtml(node.text, whole)}</code>`
        case "break":
          return node.hard ? "<br>\n" : "\n"
        case "link":
          return `<a href="${escapeHtml(node.href)}" rel="noopener noreferrer nofollow"${attribute(styles?.a)}>${inlineHtml(node.children, styles)}</a>`
        default: {
          const tag = { emphasis: "em", strong: "strong", strike: "s" }[node.type]
          return `<${tag}>${inlineHtml(node.children, styles)}</${tag}>`
        }
      }
    })
    .join("")

const attribute = (style: string | undefined): string =>
  style === undefined || style === "" ? "" : ` style="${style}"`

const aligned = { left: "start", center: "center", right: "end" } as const

const cellStyle = (align: TableAlign | undefined, styles?: MarkdownStyles): string =>
  attribute(
    (styles === undefined && (align ?? "left") === "left"
      ? ""
      : `text-align:${aligned[align ?? "left"]};`) + (styles?.cell ?? "")
  )

const blockHtml = (node: MarkdownNode, options: MarkdownHtmlOptions): string => {
  const { styles } = options
  switch (node.type) {
    case "heading": {
      const level = options.headingLevel(node.level)
      return `<h${level} dir="auto"${attribute(styles?.heading)}>${inlineHtml(node.children, styles)}</h${level}>\n`
    }
    case "paragraph":
      return `<p dir="auto"${attribute(styles?.p)}>${inlineHtml(node.children, styles)}</p>\n`
    case "list": {
      const items = node.items.map((item) => {
        const only = item[0]
        const inner =
          node.tight && only?.type === "paragraph"
            ? `${inlineHtml(only.children, styles)}\n${markdownHtml(item.slice(1), options)}`
            : markdownHtml(item, options)
        return `<li dir="auto">${inner}</li>\n`
      })
      return node.start === null
        ? `<ul dir="auto">\n${items.join("")}</ul>\n`
        : `<ol dir="auto"${node.start === 1 ? "" : ` start="${node.start}"`}>\n${items.join("")}</ol>\n`
    }
    case "quote":
      return `<blockquote dir="auto"${attribute(styles?.blockquote)}>\n${markdownHtml(node.children, options)}</blockquote>\n`
    case "code-block":
      return `<pre${styles === undefined ? ' tabindex="0"' : ""}${attribute(styles?.pre)}><code>${escapeHtml(node.text, whole)}</code></pre>\n`
    case "rule":
      return "<hr>\n"
    case "table": {
      const row = (cells: ReadonlyArray<ReadonlyArray<Inline>>, tag: "th" | "td") =>
        `<tr>${cells
          .map(
            (cell, at) =>
              `<${tag}${tag === "th" ? ' scope="col"' : ""} dir="auto"${cellStyle(node.align[at], styles)}>${inlineHtml(cell, styles)}</${tag}>`
          )
          .join("")}</tr>\n`
      const frame =
        styles === undefined
          ? 'class="scroll" role="group" aria-label="Table" tabindex="0"'
          : 'style="overflow-x:auto"'
      return `<div ${frame}><table${attribute(styles?.table)}>\n<thead>${row(node.header, "th")}</thead>\n<tbody>${node.rows.map((cells) => row(cells, "td")).join("")}</tbody></table></div>\n`
    }
  }
}

/** A text as HTML; each block takes its direction from what is written in it. */
export const markdownHtml = (
  nodes: ReadonlyArray<MarkdownNode>,
  options: MarkdownHtmlOptions
): string => nodes.map((node) => blockHtml(node, options)).join("")
