import { Resvg } from "@resvg/resvg-js"
import { svgSize } from "../pdf/chartImage.ts"
import { setReport } from "../pdf/setReport.ts"
import { withTypst } from "../pdf/typst.ts"
import type { Rendered, ReportDocument } from "../ReportDocument.ts"

/** Pixels; a picture is 2 pixels per point unless that is more. */
const mostHeight = 16_000

/**
 * How a report begins, as one picture without page breaks: what does not fit (more than 30
 * blocks, 20 rows of a table) is counted in it. The same document gives the same bytes.
 */
export const renderPng = async (document: ReportDocument): Promise<Rendered> => {
  const { model, files } = setReport(document, "picture")
  // Letters are outlines in here: nothing looks for a font.
  const svg = await withTypst(model, files, (typst, laidOut) => typst.plainSvg(laidOut))
  const { height } = svgSize(svg)
  const drawn = new Resvg(svg, {
    background: "#ffffff",
    fitTo: { mode: "zoom", value: Math.min(2, mostHeight / height) },
    font: { loadSystemFonts: false }
  }).render()
  return {
    mediaType: "image/png",
    extension: "png",
    bytes: new Uint8Array(drawn.asPng())
  }
}
