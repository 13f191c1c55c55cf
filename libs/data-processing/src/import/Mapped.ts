import type { Row } from "../readers/Row.ts"

/** An event as the ingestion takes it, as a value or as its JSON, or why the row is none. */
export type Mapped =
  | { readonly event: object; readonly json?: undefined; readonly reason?: undefined }
  | { readonly json: string; readonly event?: undefined; readonly reason?: undefined }
  | { readonly reason: string; readonly event?: undefined; readonly json?: undefined }

/** `file` is `fileId` of the content that holds the row. */
export type ToEvent = (row: Row, file: string) => Mapped

/**
 * Names a file by its content: the same file makes the same ids, whoever imports it and
 * however often.
 *
 * @param sha256 hex, of the bytes as they are stored
 */
export const fileId = (sha256: string): string => `imp-${sha256.slice(0, 24)}`

/** The messageId of a row that brings none. */
export const rowId = (file: string, number: number): string => `${file}-${number}`
