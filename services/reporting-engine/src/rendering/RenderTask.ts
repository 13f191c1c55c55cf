import type { Rendering } from "@analytics/reports/RenderFormat"

/** Of a message to a process that renders; its bytes are a `ReportDocument` as JSON. */
export interface TaskHead {
  readonly format: Rendering
  readonly bytes: number
}

/** Bytes of the largest file that a process hands over. */
export const MOST_FILE = 256 * 1024 * 1024

/** Of its answer; the bytes are the file, or why there is none. */
export type AnswerHead =
  | {
      readonly mediaType: string
      readonly extension: string
      readonly bytes: number
    }
  | { readonly fault: true; readonly bytes: number }
