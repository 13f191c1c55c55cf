import type { Rendered, ReportDocument } from "../ReportDocument.ts"

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, canonical(inner)])
  )
}

/**
 * The document itself, with the keys of every object in order: equal documents are equal
 * bytes. Nothing is left out or cut; lone surrogates are written as escapes.
 */
export const renderJson = (document: ReportDocument): Rendered => ({
  mediaType: "application/json",
  extension: "json",
  bytes: new TextEncoder().encode(`${JSON.stringify(canonical(document), null, 2)}\n`)
})
