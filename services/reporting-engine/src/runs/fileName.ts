import type { RenderFormat } from "@analytics/reports/RenderFormat"

/** How the file of a format is called in the object store and when it is downloaded. */
export const fileName = (format: RenderFormat, extension: string): string =>
  extension === format ? `report.${format}` : `report-${format}.${extension}`
