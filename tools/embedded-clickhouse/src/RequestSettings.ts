import { randomUUID } from "node:crypto"
import { engineError } from "./EngineError.ts"

/**
 * The engine assigns query ids nobody else sees. This setting of the s3queue engine, which
 * is meaningless here, carries ours, so that exactly this statement can be killed.
 */
export const ID_SETTING = "s3queue_default_zookeeper_path"

/** Parameters of the HTTP interface itself; all others are settings. */
const ownParameters = new Set(
  `query database default_format query_id session_id session_timeout session_check user
  password role compress decompress enable_http_compression http_zlib_compression_level
  send_progress_in_http_headers http_headers_progress_interval_ms wait_end_of_query
  buffer_size quota_key client_protocol_version stacktrace close_session
  http_write_exception_in_output_format`.split(/\s+/)
)

/** The embedded engine's defaults are those of a command line tool. */
const asServer = [
  ["implicit_select", "0"],
  ["allow_introspection_functions", "0"]
] as const

export interface RequestSettings {
  readonly queryId: string
  /** Unique for this request, whatever ids clients choose. */
  readonly uniqueId: string
  readonly prologue: string
  readonly format: string
  readonly readonly: boolean
  readonly buffered: boolean
  readonly compress: boolean
}

export const quoted = (text: string): string =>
  `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`

const identifier = (name: string): string =>
  `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``

const isOn = (value: string | null): boolean => value === "1" || value === "true"

/** Reads the query string and headers into what runs before the statement. */
export const requestSettings = (
  method: string,
  parameters: URLSearchParams,
  headers: Headers
): RequestSettings => {
  for (const name of ["session_id", "compress", "decompress"]) {
    if (![null, "0"].includes(parameters.get(name))) {
      throw engineError(48, "NOT_IMPLEMENTED", `There is no ${name} here`)
    }
  }
  const queryId = parameters.get("query_id") || randomUUID()
  const uniqueId = randomUUID()
  const settings = new Map<string, string>([...asServer, ["log_comment", queryId]])
  for (const [name, value] of parameters) {
    if (ownParameters.has(name)) continue
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw engineError(115, "UNKNOWN_SETTING", `Unknown setting '${name}'`)
    }
    settings.set(name, value)
  }
  settings.set(ID_SETTING, uniqueId)
  // As a real server does: GET never writes.
  const level = settings.get("readonly") ?? (method === "GET" ? "2" : "0")
  settings.delete("readonly")
  const database = parameters.get("database") ?? headers.get("x-clickhouse-database")
  const sets = [...settings].map(([name, value]) => `${name} = ${quoted(value)}`)
  const statements = [
    // Parameters travel as SET text here, which the default limit would cut at 256 KiB.
    "SET max_query_size = 268435456",
    ...(database ? [`USE ${identifier(database)}`] : []),
    `SET ${sets.join(", ")}`,
    // Last: it forbids changing settings.
    ...(level === "0" ? [] : [`SET readonly = ${quoted(level)}`])
  ]
  return {
    queryId,
    uniqueId,
    prologue: statements.join("; "),
    format:
      parameters.get("default_format") ??
      headers.get("x-clickhouse-format") ??
      "TabSeparated",
    readonly: level !== "0",
    buffered: isOn(parameters.get("wait_end_of_query")),
    compress: isOn(parameters.get("enable_http_compression"))
  }
}
