import type { Connection } from "./Connection.ts"
import { Libchdb } from "./Libchdb.ts"

/** A value that an engine which parses data as SQL would execute. */
const VALUE = "a\n\nDROP TABLE smoke;\n\u0000b"

/**
 * Proves the C interface before any data is trusted to it: a row in a binary format whose
 * text looks like SQL is stored as it is. Throws when it is not.
 */
export const smokeTest = (connection: Connection): void => {
  connection.execute("CREATE TEMPORARY TABLE smoke (value String) ENGINE = Memory")
  const value = Buffer.from(VALUE)
  const row = Buffer.concat([Buffer.from([value.length]), value])
  const lines = Buffer.from(`${JSON.stringify({ value: VALUE })}\n\nDROP TABLE smoke\n`)
  connection.insert("INSERT INTO smoke", "RowBinary", [row], () => true)
  let refused = false
  try {
    connection.insert("INSERT INTO smoke", "JSONEachRow", [lines], () => true)
  } catch {
    refused = true
  }
  const { bytes } = connection.query(
    "SELECT count() = countIf(value = unhex('" +
      value.toString("hex") +
      "')) AND count() = 1 FROM smoke",
    "TSV"
  )
  if (!refused || Buffer.from(bytes).toString().trim() !== "1") {
    throw new Error(
      "This libchdb does not insert binary data as it should: its C interface is not the one this package was written for. Install the pinned version of chdb, or set CLICKHOUSE_URL to a ClickHouse server."
    )
  }
  connection.execute("DROP TABLE smoke")
}

/** The engine opened on a directory, proven, and what it says of itself. */
export const openEngine = (
  connect: ReadonlyArray<string>
): { keeper: Connection; version: string; timezone: string } => {
  const keeper = Libchdb.load().connect(connect)
  smokeTest(keeper)
  const { bytes } = keeper.query("SELECT version(), serverTimezone()", "TSV")
  const [version = "", timezone = "UTC"] = Buffer.from(bytes)
    .toString()
    .trim()
    .split("\t")
  return { keeper, version, timezone }
}
