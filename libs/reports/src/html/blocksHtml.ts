import type { ReportDocument } from "../ReportDocument.ts"
import { blockHtml, longestPage, newOutline } from "./blockHtml.ts"

/**
 * Each block as HTML by itself, for a page that arranges them in its own way: `pageStyle`
 * dresses them, and their headings are of the second level.
 * From the one on that has no room in `longest` characters, a sentence stands for each.
 */
export const blocksHtml = (
  document: ReportDocument,
  longest: number = longestPage
): ReadonlyArray<string> => {
  let room = longest
  return document.blocks.map((block, at) => {
    if (room >= 0) {
      const part = blockHtml(block, `b${at + 1}`, document, newOutline())
      room -= part.length
      if (room >= 0) return part
    }
    return '<p class="note">This page has no room for this section.</p>'
  })
}
