import type { Rendered, ReportDocument } from "../ReportDocument.ts"
import { setReport } from "./setReport.ts"
import { withTypst } from "./typst.ts"

/**
 * A report as a tagged PDF, A4 or Letter as its locale has it. The same document gives
 * the same bytes; rejects only when Typst cannot lay it out.
 */
export const renderPdf = async (document: ReportDocument): Promise<Rendered> => {
  const { model, files } = setReport(document, "pages")
  const bytes = withTypst(model, files, (typst, laidOut) =>
    typst.pdf(laidOut, { pdfStandard: "ua-1" })
  )
  return {
    mediaType: "application/pdf",
    extension: "pdf",
    bytes: new Uint8Array(bytes)
  }
}
