import { Resvg } from "@resvg/resvg-js"
import { svgSize } from "../pdf/chartImage.ts"
import { setReport } from "../pdf/setReport.ts"
import { withTypst } from "../pdf/typst.ts"
import type { Rendered, ReportDocument } from "../ReportDocument.ts"
import { inlineGlyphs } from "./inlineGlyphs.ts"

/** Pixels, unless the picture would be higher than `mostHeight`. */
const fullWidth = 1360
const mostHeight = 16_000

/**
 * How a report begins, as one picture without page breaks: what does not fit (more than 30
 * blocks, 20 rows of a table) is counted in it. The same document gives the same bytes.
 */
export const renderPng = async (document: ReportDocument): Promise<Rendered> => {
  const { model, files } = setReport(document, "picture")
  // Letters are outlines in here: nothing looks for a font.
  const svg = inlineGlyphs(
    await withTypst(model, files, (typst, laidOut) => typst.plainSvg(laidOut))
  )
  const { width, height } = svgSize(svg)
  const pixels = Math.floor(Math.min(fullWidth, (width / height) * mostHeight))
  const drawn = new Resvg(svg, {
    background: "#ffffff",
    fitTo: { mode: "width", value: Math.max(1, pixels) },
    font: { loadSystemFonts: false }
  }).render()
  return {
    mediaType: "image/png",
    extension: "png",
    bytes: new Uint8Array(drawn.asPng())
  }
}
