import { escapeHtml } from "@analytics/reports/html/escapeHtml"

/** HTML that is known to be well-formed; whatever else is put into a page is text. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Markup | ReadonlyArray<Markup> | undefined

const written = (part: Part): string => {
  if (part === undefined) return ""
  if (part instanceof Markup) return part.text
  if (typeof part === "object") return part.map(({ text }) => text).join("")
  return escapeHtml(String(part))
}

/** A template whose parts are escaped, unless they are markup themselves; undefined is nothing. */
export const html = (
  strings: TemplateStringsArray,
  ...parts: ReadonlyArray<Part>
): Markup =>
  new Markup(
    strings.reduce((text, string, n) => `${text}${written(parts[n - 1])}${string}`)
  )

/** What a renderer made, which escapes by itself. */
export const trusted = (text: string): Markup => new Markup(text)
