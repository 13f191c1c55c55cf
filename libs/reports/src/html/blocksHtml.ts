import type { ReportDocument } from "../ReportDocument.ts"
import { blockHtml, newOutline } from "./blockHtml.ts"

/**
 * Each block as HTML by itself, for a page that arranges them in its own way: `pageStyle`
 * dresses them, and their headings are of the second level.
 */
export const blocksHtml = (document: ReportDocument): ReadonlyArray<string> =>
  document.blocks.map((block, at) =>
    blockHtml(block, `b${at + 1}`, document, newOutline())
  )
