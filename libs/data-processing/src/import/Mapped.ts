import type { Row } from "../readers/Row.ts"

/**
 * An event as the ingestion takes it, as a value or as its JSON, several that one row
 * makes, or why the row is none.
 */
export type Mapped =
  | MappedAs<{ readonly event: object }>
  | MappedAs<{ readonly json: string }>
  | MappedAs<{ readonly events: ReadonlyArray<object> }>
  | MappedAs<{ readonly reason: string }>

type MappedAs<One extends object> = One & {
  readonly [Other in Exclude<
    "event" | "json" | "events" | "reason",
    keyof One
  >]?: undefined
}

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
export const rowId = (
  file: string,
  { number, place }: Pick<Row, "number" | "place">
): string => `${file}-${place ?? number}`
