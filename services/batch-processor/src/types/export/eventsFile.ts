import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import {
  type EventsPart,
  type ExportedEvents,
  eventsJson,
  eventsTable,
  eventsText,
  exportedColumns
} from "@analytics/analytics-core/query/export/exportedEvents"
import { render, type Sql } from "@analytics/analytics-core/query/Sql"
import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Duration, Stream } from "effect"
import type { Format } from "./ExportPayload.ts"

interface Written {
  readonly sql: Sql
  /** As the engine calls it. */
  readonly format: string
  readonly head: string
}

/** How a format is made by the engine. It writes no head that it could send at once. */
const writtenAs = (
  format: Format,
  request: ExportedEvents,
  part: EventsPart,
  context: QueryContext,
  guard: boolean
): Written => {
  switch (format) {
    case "csv":
      return {
        sql: eventsText(request, part, context, guard),
        format: "CSV",
        head: `${exportedColumns.join(",")}\r\n`
      }
    case "ndjson":
      return { sql: eventsJson(request, part, context), format: "TSVRaw", head: "" }
    case "parquet":
      return { sql: eventsTable(request, part, context), format: "Parquet", head: "" }
    case "arrow":
      return {
        sql: eventsTable(request, part, context),
        format: "ArrowStream",
        head: ""
      }
  }
}

const settings = {
  output_format_json_escape_forward_slashes: 0,
  format_csv_null_representation: "",
  output_format_csv_crlf_end_of_line: 1,
  // Readers take a row group at a time.
  output_format_parquet_row_group_size: "100000",
  output_format_parquet_row_group_size_bytes: String(64 * 1024 * 1024),
  output_format_parquet_compression_method: "zstd",
  // Not every Arrow library can unpack.
  output_format_arrow_compression_method: "none"
} as const

/** Formats with a head and a tail are sent when the engine has made all of the file. */
const LONGEST_FILE = Duration.minutes(10)

/** A part of the events as a file, read as fast as it is written elsewhere. */
export const eventsFile = (
  ...given: Parameters<typeof writtenAs>
): Stream.Stream<Uint8Array, ClickHouseError, ClickHouse> => {
  const { format, head, sql } = writtenAs(...given)
  const rendered = render(sql)
  const rows = Stream.unwrap(
    ClickHouse.useSync((clickhouse) =>
      clickhouse.stream(rendered.sql, {
        params: rendered.params,
        format,
        settings,
        timeout: LONGEST_FILE
      })
    )
  )
  return head === "" ? rows : Stream.concat(Stream.make(Buffer.from(head)), rows)
}
