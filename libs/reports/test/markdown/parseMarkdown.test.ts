import { describe, expect, setDefaultTimeout, test } from "bun:test"
import fc from "fast-check"
import type { Inline } from "../../src/markdown/MarkdownNode.ts"
import { markdownHtml } from "../../src/markdown/markdownHtml.ts"
import { markdownText } from "../../src/markdown/markdownText.ts"
import { longestMarkdown, parseMarkdown } from "../../src/markdown/parseMarkdown.ts"
import { isSafeLink } from "../../src/markdown/safeLink.ts"
import { hostileTexts } from "../support/hostileReport.ts"

setDefaultTimeout(60_000)

const html = (text: string) =>
  markdownHtml(parseMarkdown(text), { headingLevel: (level) => Math.min(6, level + 1) })

const text = (value: string): Inline => ({ type: "text", text: value })

describe("Markdown", () => {
  test("is read as a tree", () => {
    expect(
      parseMarkdown(
        "# A *b*\n\nc\nd\\\ne `f` ~~g~~\n\n2. h\n3. i\n\n- j\n\n  k\n\n> l\n\n    m\n\n---\n\n| n | o |\n|:-:|--:|\n| p | q |"
      )
    ).toEqual([
      {
        type: "heading",
        level: 1,
        children: [text("A "), { type: "emphasis", children: [text("b")] }]
      },
      {
        type: "paragraph",
        children: [
          text("c"),
          { type: "break", hard: false },
          text("d"),
          { type: "break", hard: true },
          text("e "),
          { type: "code", text: "f" },
          text(" "),
          { type: "strike", children: [text("g")] }
        ]
      },
      {
        type: "list",
        start: 2,
        tight: true,
        items: [
          [{ type: "paragraph", children: [text("h")] }],
          [{ type: "paragraph", children: [text("i")] }]
        ]
      },
      {
        type: "list",
        start: null,
        tight: false,
        items: [
          [
            { type: "paragraph", children: [text("j")] },
            { type: "paragraph", children: [text("k")] }
          ]
        ]
      },
      { type: "quote", children: [{ type: "paragraph", children: [text("l")] }] },
      { type: "code-block", text: "m" },
      { type: "rule" },
      {
        type: "table",
        align: ["center", "right"],
        header: [[text("n")], [text("o")]],
        rows: [[[text("p")], [text("q")]]]
      }
    ])
  })

  test("has no HTML and no pictures: they are text", () => {
    expect(html("a <b onclick=x>b</b>\n\n<script>\nalert(1)\n</script>")).toBe(
      '<p dir="auto">a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n<p dir="auto">&lt;script&gt;\nalert(1)\n&lt;/script&gt;</p>\n'
    )
    expect(html("![p <q>](https://example.org/p.png)")).toBe(
      '<p dir="auto">![p &lt;q&gt;](https://example.org/p.png)</p>\n'
    )
  })

  test("has links to the web and to mail alone", () => {
    for (const href of [
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      "java&#10;script:alert(1)",
      "data:text/html,x",
      "vbscript:x",
      "file:///etc/passwd",
      "//evil.example",
      "/relative",
      "#top",
      "https:evil",
      "\u0001javascript:x"
    ]) {
      expect(isSafeLink(href)).toBe(false)
      expect(html(`[a](<${href}>) <${href}>`)).not.toContain("<a ")
    }
    expect(html("[a](https://e.org/?a=1&b=%22) <mailto:a@e.org>")).toBe(
      '<p dir="auto"><a href="https://e.org/?a=1&amp;b=%22" rel="noopener noreferrer nofollow">a</a> <a href="mailto:a@e.org" rel="noopener noreferrer nofollow">mailto:a@e.org</a></p>\n'
    )
  })

  test("is read quickly, however it is meant", () => {
    const hostile = [
      "[",
      "> ",
      "*a ",
      "- ",
      "`",
      "[a](",
      "![",
      "*_",
      "|a",
      "a\n",
      "&#0;"
    ]
    for (const part of [...hostile, ...hostileTexts]) {
      const nodes = parseMarkdown(part.repeat(Math.ceil(20_000 / part.length)))
      expect(markdownText(nodes).length).toBeLessThan(400_000)
    }
    const long = markdownText(parseMarkdown("y".repeat(10_000_000)))
    expect(long.length).toBeLessThanOrEqual(longestMarkdown)
    expect(long).toEndWith("[cut: 10000000 characters]")
  })

  test("of any text, none is lost and none is markup", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(..."<>&\"'*_[]()!`#-|~\\ \nab1"), { maxLength: 60 }),
        (letters) => {
          const source = letters.join("")
          const made = html(source)
          expect(
            made.replaceAll(
              /<\/?(?:p|h[1-6]|em|strong|s|code|pre|ul|ol|li|blockquote|hr|br|a|div|table|thead|tbody|tr|th|td)(?: (?:dir|start|tabindex|href|rel|class|role|aria-label|scope|style)="[^"<>]*")*>/gu,
              ""
            )
          ).not.toMatch(/[<>]/u)
          for (const letter of ["a", "b"])
            expect(
              markdownText(parseMarkdown(source)).split(letter).length
            ).toBeGreaterThanOrEqual(source.split(letter).length)
        }
      )
    )
  })
})
