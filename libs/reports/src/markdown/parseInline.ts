import type { Token } from "markdown-it"
import type { Inline } from "./MarkdownNode.ts"
import { isSafeLink } from "./safeLink.ts"

interface Open {
  readonly close: (children: ReadonlyArray<Inline>) => ReadonlyArray<Inline>
  readonly children: Array<Inline>
}

const spans = { em_open: "emphasis", strong_open: "strong", s_open: "strike" } as const

const closing = (token: Token): Open["close"] => {
  switch (token.type) {
    case "em_open":
    case "strong_open":
    case "s_open": {
      const type = spans[token.type]
      return (children) => [{ type, children }]
    }
    case "link_open": {
      const href = String(token.attrGet("href") ?? "")
      return (children) =>
        isSafeLink(href) ? [{ type: "link", href, children }] : children
    }
    default:
      return (children) => children
  }
}

/** What stands in a line; texts that follow each other are one. */
export const parseInline = (tokens: ReadonlyArray<Token>): ReadonlyArray<Inline> => {
  const root: Open = { close: (children) => children, children: [] }
  const stack: Array<Open> = [root]
  const add = (...nodes: ReadonlyArray<Inline>) => {
    const into = stack.at(-1)?.children ?? root.children
    for (const node of nodes) {
      const last = into.at(-1)
      if (node.type === "text" && last?.type === "text")
        into[into.length - 1] = { type: "text", text: last.text + node.text }
      else into.push(node)
    }
  }
  for (const token of tokens) {
    if (token.nesting === 1) stack.push({ close: closing(token), children: [] })
    else if (token.nesting === -1) {
      const done = stack.length > 1 ? stack.pop() : undefined
      if (done !== undefined) add(...done.close(done.children))
    } else if (token.type === "softbreak" || token.type === "hardbreak")
      add({ type: "break", hard: token.type === "hardbreak" })
    else if (token.type === "code_inline") add({ type: "code", text: token.content })
    // A picture is a request to elsewhere: it stays as it was written.
    else if (token.type === "image")
      add({ type: "text", text: `![${token.content}](${token.attrGet("src") ?? ""})` })
    else if (token.content !== "") add({ type: "text", text: token.content })
  }
  return root.children
}
