import Markdown, { type MarkdownIt, type Token } from "markdown-it"
import { plainText } from "../format/plainText.ts"
import type { MarkdownNode, TableAlign } from "./MarkdownNode.ts"
import { parseInline } from "./parseInline.ts"
import { isSafeLink } from "./safeLink.ts"

/** Most characters of one Markdown text that are read; the rest is cut, and it says so. */
export const longestMarkdown = 200_000

const makeParser = (): MarkdownIt => {
  const parser = new Markdown("commonmark", { html: false, maxNesting: 20 })
  parser.enable(["table", "strikethrough"])
  parser.disable(["html_block", "html_inline"])
  parser.validateLink = isSafeLink
  return parser
}
const parser = makeParser()

/** Tokens up to the one that closes the one at `open`, and where that is. */
const inside = (
  tokens: ReadonlyArray<Token>,
  open: number
): { readonly inner: ReadonlyArray<Token>; readonly close: number } => {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    depth += tokens[at]?.nesting ?? 0
    if (depth === 0) return { inner: tokens.slice(open + 1, at), close: at }
  }
  return { inner: tokens.slice(open + 1), close: tokens.length }
}

const inlineOf = (tokens: ReadonlyArray<Token>) =>
  parseInline(tokens.flatMap((token) => token.children ?? []))

/** Every piece that `name_open` … `name_close` encloses, with its opening token. */
const pieces = (tokens: ReadonlyArray<Token>, names: ReadonlyArray<string>) => {
  const found: Array<{ readonly open: Token; readonly inner: ReadonlyArray<Token> }> =
    []
  for (let at = 0; at < tokens.length; at++) {
    const open = tokens[at]
    if (open === undefined || !names.includes(open.type)) continue
    const { inner, close } = inside(tokens, at)
    found.push({ open, inner })
    at = close
  }
  return found
}

const alignOf = (token: Token): TableAlign => {
  const style = String(token.attrGet("style") ?? "")
  if (style.endsWith("right")) return "right"
  if (style.endsWith("center")) return "center"
  return style.endsWith("left") ? "left" : null
}

const table = (tokens: ReadonlyArray<Token>): MarkdownNode => {
  const rows = pieces(tokens, ["thead_open", "tbody_open"]).flatMap(({ inner }) =>
    pieces(inner, ["tr_open"]).map((row) => pieces(row.inner, ["th_open", "td_open"]))
  )
  const [header = [], ...body] = rows
  return {
    type: "table",
    align: header.map(({ open }) => alignOf(open)),
    header: header.map(({ inner }) => inlineOf(inner)),
    rows: body.map((row) => row.map(({ inner }) => inlineOf(inner)))
  }
}

const list = (open: Token, tokens: ReadonlyArray<Token>): MarkdownNode => ({
  type: "list",
  start: open.type === "ordered_list_open" ? Number(open.attrGet("start") ?? 1) : null,
  tight: !tokens.some(
    (token) =>
      token.type === "paragraph_open" && token.level === open.level + 2 && !token.hidden
  ),
  items: pieces(tokens, ["list_item_open"]).map(({ inner }) => blocks(inner))
})

const blocks = (tokens: ReadonlyArray<Token>): ReadonlyArray<MarkdownNode> => {
  const nodes: Array<MarkdownNode> = []
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]
    if (token === undefined) continue
    const { inner, close } =
      token.nesting === 1 ? inside(tokens, at) : { inner: [], close: at }
    switch (token.type) {
      case "heading_open":
        nodes.push({
          type: "heading",
          level: Number(token.tag.slice(1)),
          children: inlineOf(inner)
        })
        break
      case "paragraph_open":
        nodes.push({ type: "paragraph", children: inlineOf(inner) })
        break
      case "bullet_list_open":
      case "ordered_list_open":
        nodes.push(list(token, inner))
        break
      case "blockquote_open":
        nodes.push({ type: "quote", children: blocks(inner) })
        break
      case "table_open":
        nodes.push(table(inner))
        break
      case "fence":
      case "code_block":
        nodes.push({ type: "code-block", text: token.content.replace(/\n$/u, "") })
        break
      case "hr":
        nodes.push({ type: "rule" })
        break
      // Nested deeper than the parser goes: its text is not lost.
      case "inline":
        nodes.push({ type: "paragraph", children: inlineOf([token]) })
        break
      default:
    }
    at = close
  }
  return nodes
}

/**
 * CommonMark with tables and ~~strike~~, as a tree. HTML and pictures are text; links lead to
 * `http`, `https` or `mailto`, or are text. Longer than `longestMarkdown`, it is cut.
 */
export const parseMarkdown = (text: string): ReadonlyArray<MarkdownNode> =>
  blocks(parser.parse(plainText(text, longestMarkdown), {}))
