import { apacheLog } from "../readers/apacheLog.ts"
import { columns } from "../readers/columns.ts"
import { csv } from "../readers/csv.ts"
import { ndjson } from "../readers/ndjson.ts"
import type { Reader } from "../readers/Row.ts"
import { apacheEvent } from "./apacheEvent.ts"
import { inWallClock, wallClock } from "./localTimes.ts"
import type { ToEvent } from "./Mapped.ts"
import { type Mapping, makeMapper } from "./Mapping.ts"
import { plainEvent, tableEvent, typedEvent } from "./plainEvent.ts"
import { type Vendor, vendors } from "./vendors.ts"

/** Formats that are text, line by line or nearly so. */
export type TextFormat = "csv" | "columns" | "ndjson" | "apache" | "nginx"

/** How a text file is written, beside its format. */
export interface TextOptions {
  readonly delimiter?: string | undefined
  readonly columns?: ReadonlyArray<string> | undefined
  readonly skipLines?: number | undefined
  /** Whose export it is: what its columns are is known, so each must be there once. */
  readonly from?: Vendor | undefined
}

export const textReader = (format: TextFormat, options: TextOptions): Reader => {
  switch (format) {
    case "csv":
      return (bytes, from) =>
        csv(
          bytes,
          {
            ...options,
            delimiter: options.delimiter ?? ",",
            areNamesUnique: options.from !== undefined
          },
          from
        )
    case "columns":
      return (bytes, from) => columns(bytes, options, from)
    case "ndjson":
      return ndjson
    // Nginx's "combined" is Apache's.
    case "apache":
    case "nginx":
      return apacheLog
  }
}

/**
 * How rows become events: by `mapping`, as the export of a vendor, else a request of a log
 * is a page view and everything else an event already, its fields named as such.
 */
export const toEventOf = (
  format: TextFormat | "parquet",
  mapping: Mapping | undefined,
  from?: Vendor | undefined,
  timeZone?: string | undefined
): ToEvent => {
  if (from !== undefined) {
    const { toEvent } = vendors[from]
    const correct = timeZone === undefined ? undefined : wallClock(timeZone)
    return correct === undefined ? toEvent : inWallClock(toEvent, correct)
  }
  if (mapping !== undefined) return makeMapper(mapping)
  if (format === "apache" || format === "nginx") return apacheEvent
  if (format === "ndjson") return plainEvent
  return format === "parquet" ? typedEvent : tableEvent
}
