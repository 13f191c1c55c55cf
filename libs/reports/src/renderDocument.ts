import { renderJson } from "./json/renderJson.ts"
import type { RenderFormat } from "./RenderFormat.ts"
import type { Rendered, ReportDocument } from "./ReportDocument.ts"

/**
 * A report as a file. The same document and format give the same bytes on every machine, at
 * any time. What takes much code to load is loaded when it is first asked for.
 */
export const renderDocument = async (
  document: ReportDocument,
  format: RenderFormat
): Promise<Rendered> => {
  switch (format) {
    case "json":
      return renderJson(document)
    default:
      throw new Error(`the format ${format} is not there yet`)
  }
}
