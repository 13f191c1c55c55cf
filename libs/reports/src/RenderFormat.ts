import { Schema } from "effect"

/** Formats that a report can be had in. `csv` is a zip with one file for each table. */
export const RenderFormat = Schema.Literals([
  "html",
  "pdf",
  "xlsx",
  "csv",
  "png",
  "json"
])
export type RenderFormat = typeof RenderFormat.Type

/**
 * What a document can be made into: a file, its blocks as HTML (a JSON array of text), or
 * an e-mail (JSON, `email/EmailParts`).
 */
export type Rendering = RenderFormat | "blocks" | "email"
