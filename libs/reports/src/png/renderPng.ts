import type { Rendered, ReportDocument } from "../ReportDocument.ts"

/** The first page of a report as a picture; the same document gives the same bytes. */
export const renderPng = (document: ReportDocument): Promise<Rendered> =>
  Promise.reject(new Error(`"${document.title}" cannot be drawn yet`))
