import Markdown, { type Token } from "markdown-it"
import { readSample, type Sample } from "./Sample.ts"

/** What a page leads to. */
export interface Link {
  readonly target: string
  /** Of the block that it stands in, from 1. */
  readonly line: number
}

/** A Markdown file of the repository. */
export interface Page {
  /** From the root of the repository, with `/`. */
  readonly path: string
  readonly links: ReadonlyArray<Link>
  /** What may stand behind `#` in a link to it. */
  readonly anchors: ReadonlySet<string>
  readonly samples: ReadonlyArray<Sample>
}

// Links are judged by the checks, so none is left out of the reading.
const parser = new Markdown("commonmark", { html: true }).enable([
  "table",
  "strikethrough"
])
parser.validateLink = () => true

/** The anchor that GitHub gives to a heading, before it counts repeated ones. */
export const slugOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-")

const textOf = (tokens: ReadonlyArray<Token>): string =>
  tokens
    .map((token) =>
      token.type === "text" || token.type === "code_inline" ? token.content : ""
    )
    .join("")

const htmlTarget = /\s(?:href|src|srcset)="([^"\s]+)[^"]*"/g
const htmlAnchor = /\s(?:id|name)="([^"\s]+)"/g

/** Every token, those inside of lines too, with the line of its block. */
const flattened = (tokens: ReadonlyArray<Token>) => {
  let line = 1
  return tokens.flatMap((token) => {
    line = token.map === null ? line : token.map[0] + 1
    const at = line
    return [token, ...(token.children ?? [])].map((each) => ({ token: each, line: at }))
  })
}

const linksOf = (token: Token): ReadonlyArray<string> => {
  if (token.type === "link_open") return [String(token.attrGet("href") ?? "")]
  if (token.type === "image") return [String(token.attrGet("src") ?? "")]
  return token.type === "html_block" || token.type === "html_inline"
    ? [...token.content.matchAll(htmlTarget)].map(([, target = ""]) => target)
    : []
}

const anchorsOf = (tokens: ReadonlyArray<Token>): ReadonlySet<string> => {
  const anchors = new Set<string>()
  tokens.forEach((token, index) => {
    if (token.type === "heading_open") {
      const slug = slugOf(textOf(tokens[index + 1]?.children ?? []))
      let anchor = slug
      for (let again = 1; anchors.has(anchor); again++) anchor = `${slug}-${again}`
      anchors.add(anchor)
    }
    if (token.type === "html_block")
      for (const [, name = ""] of token.content.matchAll(htmlAnchor)) anchors.add(name)
  })
  return anchors
}

/** Reads a page as GitHub would show it. */
export const readPage = (path: string, text: string): Page => {
  const tokens = parser.parse(text, {})
  return {
    path,
    links: flattened(tokens).flatMap(({ token, line }) =>
      linksOf(token).map((target) => ({ target, line }))
    ),
    anchors: anchorsOf(tokens),
    samples: tokens
      // Without a fence there is no language, which the checks refuse.
      .filter(({ type }) => type === "fence" || type === "code_block")
      .map((token) => readSample(token.info, token.content, (token.map?.[0] ?? 0) + 1))
  }
}
