import type { Rendered, ReportDocument } from "../ReportDocument.ts"
import { setReport } from "./setReport.ts"
import { withTypst } from "./typst.ts"

/**
 * A report as a PDF, A4 or Letter as its locale has it, that is PDF/UA-1 (tagged, for those
 * who cannot see it) unless its tables have so many cells that tags would be most of the
 * file. The same document gives the same bytes; rejects only when Typst cannot lay it out.
 */
export const renderPdf = async (document: ReportDocument): Promise<Rendered> => {
  const { model, files, cells } = setReport(document, "pages")
  const bytes = await withTypst(model, files, (typst, laidOut) => {
    if (cells > mostTaggedCells) return typst.pdf(laidOut, { pdfTags: false })
    try {
      return typst.pdf(laidOut, { pdfStandard: "ua-1" })
    } catch {
      // Some text it holds to be unreadable: a report that says less of itself is better
      // than none.
      return typst.pdf(laidOut)
    }
  })
  return {
    mediaType: "application/pdf",
    extension: "pdf",
    bytes: new Uint8Array(bytes)
  }
}

/** A tag takes 0.3 kB. */
const mostTaggedCells = 10_000
