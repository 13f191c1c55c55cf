import type { Rendering } from "@analytics/reports/RenderFormat"
import type { ReportDocument } from "@analytics/reports/ReportDocument"

/** A line of JSON on the standard input of a process that renders. */
export interface RenderTask {
  readonly format: Rendering
  readonly document: ReportDocument
}

/** Bytes of the largest file that a process hands over. */
export const MOST_FILE = 256 * 1024 * 1024

/** The line that answers it; of a file, its bytes follow. */
export type RenderHead =
  | {
      readonly mediaType: string
      readonly extension: string
      readonly bytes: number
    }
  | { readonly fault: string }
