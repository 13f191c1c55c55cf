import type { ReportDocument } from "../ReportDocument.ts"

/** What mail programs show: HTML, the pictures in it, and the same as plain text. */
export interface RenderedEmail {
  readonly html: string
  readonly text: string
  /** Related parts of the HTML, each named by `src="cid:<cid>"` there. */
  readonly images: ReadonlyArray<{
    readonly cid: string
    readonly filename: string
    readonly mediaType: "image/png"
    readonly bytes: Uint8Array
  }>
}

export interface EmailOptions {
  /** Where the whole report can be seen (`https:`): named at the top and the end. */
  readonly href?: string
  /** Whether the whole report is attached, which the mail then says. */
  readonly attached?: boolean
  /** Links at the end, such as one to unsubscribe. */
  readonly footer?: ReadonlyArray<{ readonly text: string; readonly href: string }>
}

/** A report as a mail. The same document and options give the same mail. */
export const renderEmail = (
  document: ReportDocument,
  _options: EmailOptions = {}
): Promise<RenderedEmail> =>
  Promise.reject(new Error(`"${document.title}" cannot be made a mail yet`))
