import { plainText } from "../format/plainText.ts"
import type { Inline, MarkdownNode } from "../markdown/MarkdownNode.ts"
import { parseMarkdown } from "../markdown/parseMarkdown.ts"
import { breakLongWords, isBlank, isRightToLeft, showable } from "./showable.ts"
import { type Space, type TablePart, tableParts } from "./tableParts.ts"

/** Markdown as it is set: every text can be shown, and says which way it is written. */
export type SetMarkdown =
  | {
      readonly type: "heading"
      readonly level: number
      readonly rtl: boolean
      readonly children: ReadonlyArray<Inline>
    }
  | {
      readonly type: "paragraph"
      readonly rtl: boolean
      readonly children: ReadonlyArray<Inline>
    }
  | {
      readonly type: "list"
      readonly start: number | null
      readonly tight: boolean
      readonly items: ReadonlyArray<ReadonlyArray<SetMarkdown>>
    }
  | { readonly type: "quote"; readonly children: ReadonlyArray<SetMarkdown> }
  | { readonly type: "code-block"; readonly text: string }
  | { readonly type: "rule" }
  | { readonly type: "table"; readonly part: TablePart }

export interface MarkdownSetting {
  readonly space: Space
  /** Of a heading of `level` in Markdown: outlines may not skip one. */
  readonly headingLevel: (level: number) => number
}

/** Em between the margins, about: a longer word is broken. */
const lineWidth = 30

const textOf = (inlines: ReadonlyArray<Inline>): string =>
  inlines
    .map((inline) => {
      if (inline.type === "text" || inline.type === "code") return inline.text
      if (inline.type === "break") return " "
      return textOf(inline.children)
    })
    .join("")

const setInlines = (inlines: ReadonlyArray<Inline>): ReadonlyArray<Inline> =>
  inlines.map((inline): Inline => {
    switch (inline.type) {
      case "text":
      case "code":
        return {
          type: inline.type,
          text: breakLongWords(showable(inline.text), lineWidth)
        }
      case "break":
        return inline
      case "link":
        return {
          type: "link",
          href: inline.href,
          children: setInlines(inline.children)
        }
      default:
        return { type: inline.type, children: setInlines(inline.children) }
    }
  })

const setTable = (
  node: Extract<MarkdownNode, { type: "table" }>,
  { space }: MarkdownSetting
): ReadonlyArray<SetMarkdown> =>
  tableParts(
    {
      columns: node.header.map((cell, at) => ({
        name: textOf(cell),
        numeric: node.align[at] === "right"
      })),
      rows: node.rows.map((row) => row.map((cell) => plainText(textOf(cell), 1000)))
    },
    { portrait: space.portrait }
  ).map((part) => ({ type: "table", part }))

const setNodes = (
  nodes: ReadonlyArray<MarkdownNode>,
  setting: MarkdownSetting
): ReadonlyArray<SetMarkdown> =>
  nodes.flatMap((node): ReadonlyArray<SetMarkdown> => {
    switch (node.type) {
      case "heading":
        if (isBlank(textOf(node.children))) return []
        return [
          {
            type: "heading",
            level: setting.headingLevel(node.level),
            rtl: isRightToLeft(textOf(node.children)),
            children: setInlines(node.children)
          }
        ]
      case "paragraph":
        return [
          {
            type: "paragraph",
            rtl: isRightToLeft(textOf(node.children)),
            children: setInlines(node.children)
          }
        ]
      case "list":
        return [{ ...node, items: node.items.map((item) => setNodes(item, setting)) }]
      case "quote":
        return [{ type: "quote", children: setNodes(node.children, setting) }]
      case "code-block":
        return [
          {
            type: "code-block",
            text: breakLongWords(showable(node.text, 20_000), lineWidth * 2)
          }
        ]
      case "rule":
        return [node]
      default:
        return setTable(node, setting)
    }
  })

/** A Markdown text as it is set. */
export const setMarkdown = (
  text: string,
  setting: MarkdownSetting
): ReadonlyArray<SetMarkdown> => setNodes(parseMarkdown(text), setting)
