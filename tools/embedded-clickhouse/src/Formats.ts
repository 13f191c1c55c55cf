/** Formats without head or tail: their blocks may be sent one after the other. */
const streamable = new Set([
  "CSV",
  "JSONCompactEachRow",
  "JSONCompactStringsEachRow",
  "JSONEachRow",
  "JSONLines",
  "JSONStringsEachRow",
  "NDJSON",
  "Native",
  "RowBinary",
  "TSV",
  "TSVRaw",
  "TabSeparated",
  "TabSeparatedRaw"
])

const contentTypes: ReadonlyArray<readonly [RegExp, string]> = [
  [/^(JSONEachRow|JSONLines|NDJSON|JSON\w*EachRow\w*)$/, "application/x-ndjson"],
  [/^JSON/, "application/json; charset=UTF-8"],
  [/^CSVWithNames/, "text/csv; charset=UTF-8; header=present"],
  [/^CSV/, "text/csv; charset=UTF-8; header=absent"],
  [/^(TSV|TabSeparated)/, "text/tab-separated-values; charset=UTF-8"],
  [/^Parquet$/, "application/octet-stream"],
  [/^(Arrow|RowBinary|Native|ORC|Avro|MsgPack|Npy|BSON)/, "application/octet-stream"],
  [/^XML$/, "application/xml; charset=UTF-8"]
]

export const isStreamable = (format: string): boolean => streamable.has(format)

export const contentType = (format: string): string =>
  contentTypes.find(([pattern]) => pattern.test(format))?.[1] ??
  "text/plain; charset=UTF-8"
