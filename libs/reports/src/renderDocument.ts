import type { Rendering } from "./RenderFormat.ts"
import type { Rendered, ReportDocument } from "./ReportDocument.ts"

/**
 * A report as a file. The same document and format give the same bytes on every machine, at
 * any time. The code of a format is loaded when it is first asked for.
 */
export const renderDocument = async (
  document: ReportDocument,
  format: Rendering
): Promise<Rendered> => {
  switch (format) {
    case "html":
      return (await import("./html/renderHtml.ts")).renderHtml(document)
    case "blocks": {
      const { blocksHtml } = await import("./html/blocksHtml.ts")
      const bytes = new TextEncoder().encode(JSON.stringify(blocksHtml(document)))
      return { mediaType: "application/json", extension: "json", bytes }
    }
    case "email": {
      const { emailBytes } = await import("./email/emailBytes.ts")
      return {
        mediaType: "application/json",
        extension: "json",
        bytes: emailBytes(document)
      }
    }
    case "pdf":
      return (await import("./pdf/renderPdf.ts")).renderPdf(document)
    case "xlsx":
      return (await import("./xlsx/renderXlsx.ts")).renderXlsx(document)
    case "csv":
      return (await import("./csv/renderCsv.ts")).renderCsv(document)
    case "png":
      return (await import("./png/renderPng.ts")).renderPng(document)
    case "json":
      return (await import("./json/renderJson.ts")).renderJson(document)
  }
}
