import type { Inline, MarkdownNode } from "./MarkdownNode.ts"

/** What stands in a line, as plain text; where a link leads follows it in brackets. */
export const inlineText = (nodes: ReadonlyArray<Inline>): string =>
  nodes
    .map((node) => {
      switch (node.type) {
        case "text":
        case "code":
          return node.text
        case "break":
          return node.hard ? "\n" : " "
        case "link": {
          const text = inlineText(node.children)
          const target = node.href.replace(/^mailto:/iu, "")
          return text === node.href || text === target ? text : `${text} (${node.href})`
        }
        default:
          return inlineText(node.children)
      }
    })
    .join("")

const indented = (text: string, first: string, next: string): string =>
  text
    .split("\n")
    .map((line, at) => (line === "" && at > 0 ? "" : (at === 0 ? first : next) + line))
    .join("\n")

const underlined = (text: string): string =>
  `${text}\n${"-".repeat(Math.min(72, Math.max(...text.split("\n").map((line) => line.length))))}`

const blockText = (node: MarkdownNode): string => {
  switch (node.type) {
    case "heading":
      return underlined(inlineText(node.children))
    case "paragraph":
      return inlineText(node.children)
    case "list":
      return node.items
        .map((item, at) => {
          const mark = node.start === null ? "- " : `${node.start + at}. `
          return indented(
            node.tight
              ? item.map((inner) => markdownText([inner])).join("\n")
              : markdownText(item),
            mark,
            " ".repeat(mark.length)
          )
        })
        .join(node.tight ? "\n" : "\n\n")
    case "quote":
      return indented(markdownText(node.children), "> ", "> ")
    case "code-block":
      return indented(node.text, "    ", "    ")
    case "rule":
      return "----"
    case "table":
      return [node.header, ...node.rows]
        .map((row) => row.map(inlineText).join(" | "))
        .join("\n")
  }
}

/** A text as people write it in mails without markup. */
export const markdownText = (nodes: ReadonlyArray<MarkdownNode>): string =>
  nodes.map(blockText).join("\n\n")
