import { ClickHouseError as EngineError } from "@clickhouse/client"
import { Schema } from "effect"

/**
 * - `data`: the engine names the rows of an insert as the reason; only this is poison.
 * - `transient`: the server, disk, memory or network; the same request may work later.
 * - `timeout`: no answer in time; an insert may still have been stored.
 * - `cancelled`: the query was killed.
 * - `query`: the statement itself is wrong, or names what does not exist.
 */
export const Kind = Schema.Literals([
  "data",
  "transient",
  "timeout",
  "cancelled",
  "query"
])
export type Kind = typeof Kind.Type

/** What went wrong in ClickHouse or on the way to it. `reason` may quote data: do not show it to tenants. */
export class ClickHouseError extends Schema.TaggedError<ClickHouseError>()(
  "ClickHouseError",
  {
    kind: Kind,
    /** The engine's own code; absent when no answer came. */
    code: Schema.optional(Schema.Int),
    reason: Schema.String,
    queryId: Schema.String
  }
) {
  override get message() {
    return this.code === undefined ? this.reason : `${this.code}: ${this.reason}`
  }
}

/** Codes that blame the rows when an insert fails with them. */
const dataCodes = new Set([
  6, // CANNOT_PARSE_TEXT
  25, // CANNOT_PARSE_ESCAPE_SEQUENCE
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  53, // TYPE_MISMATCH
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  130, // CANNOT_READ_ARRAY_FROM_TEXT
  131, // TOO_LARGE_STRING_SIZE
  190, // SIZES_OF_ARRAYS_DONT_MATCH
  306, // TOO_DEEP_RECURSION
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  376, // CANNOT_PARSE_UUID
  407, // DECIMAL_OVERFLOW
  467, // CANNOT_PARSE_BOOL
  469, // VIOLATED_CONSTRAINT
  675, // CANNOT_PARSE_IPV4
  676 // CANNOT_PARSE_IPV6
])

/** The statement is wrong whenever it is sent. */
const queryCodes = new Set([
  8, // THERE_IS_NO_COLUMN
  10, // NOT_FOUND_COLUMN_IN_BLOCK
  16, // NO_SUCH_COLUMN_IN_TABLE
  36, // BAD_ARGUMENTS
  42, // NUMBER_OF_ARGUMENTS_DOESNT_MATCH
  43, // ILLEGAL_TYPE_OF_ARGUMENT
  44, // ILLEGAL_COLUMN
  46, // UNKNOWN_FUNCTION
  47, // UNKNOWN_IDENTIFIER
  50, // UNKNOWN_TYPE
  57, // TABLE_ALREADY_EXISTS
  60, // UNKNOWN_TABLE
  62, // SYNTAX_ERROR
  73, // UNKNOWN_FORMAT
  81, // UNKNOWN_DATABASE
  82, // DATABASE_ALREADY_EXISTS
  115, // UNKNOWN_SETTING
  164, // READONLY
  179, // MULTIPLE_EXPRESSIONS_FOR_ALIAS
  184, // ILLEGAL_AGGREGATION
  215, // NOT_AN_AGGREGATE
  386, // NO_COMMON_TYPE
  456, // UNKNOWN_QUERY_PARAMETER
  457, // BAD_QUERY_PARAMETER
  497 // ACCESS_DENIED
])

/** The server's state, not the request, whatever the request was. */
const transientCodes = new Set([
  198, // DNS_ERROR
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  203, // NO_FREE_CONNECTION
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  216, // QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING
  225, // NO_ZOOKEEPER
  236, // ABORTED
  241, // MEMORY_LIMIT_EXCEEDED
  242, // TABLE_IS_READ_ONLY
  243, // NOT_ENOUGH_SPACE
  254, // NO_ACTIVE_REPLICAS
  279, // ALL_CONNECTION_TRIES_FAILED
  285, // TOO_FEW_LIVE_REPLICAS
  286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  289, // REPLICA_IS_NOT_IN_QUORUM
  319, // UNKNOWN_STATUS_OF_INSERT
  369, // ALL_REPLICAS_ARE_STALE
  425, // SYSTEM_ERROR
  519, // NO_REMOTE_SHARD_AVAILABLE
  999 // KEEPER_EXCEPTION
])

/** `insert`: an unknown code is held against the server. `read`: against the statement. */
export type Operation = "insert" | "read" | "command"

/** Which kind an engine code is. `text` decides 252, which means both parts and partitions. */
export const kindOf = (operation: Operation, code: number, text: string): Kind => {
  if (code === 252) return /partitions/i.test(text) ? "data" : "transient"
  if (code === 159 || code === 160) return "timeout"
  if (code === 394) return "cancelled"
  if (transientCodes.has(code)) return "transient"
  if (dataCodes.has(code)) return operation === "insert" ? "data" : "query"
  if (queryCodes.has(code)) return "query"
  return operation === "read" ? "query" : "transient"
}

/** Translates whatever the client threw. */
export const translate = (
  operation: Operation,
  queryId: string,
  cause: unknown
): ClickHouseError => {
  if (cause instanceof EngineError) {
    const code = Number(cause.code)
    const reason = cause.message.trim()
    return new ClickHouseError({
      kind: kindOf(operation, code, `${reason} ${cause.type ?? ""}`),
      code,
      reason,
      queryId
    })
  }
  const reason = cause instanceof Error ? cause.message : String(cause)
  const kind = /^timeout error/i.test(reason) ? "timeout" : "transient"
  return new ClickHouseError({ kind, reason, queryId })
}

/** Whether the connection broke before an answer: for reads, ask again. */
export const isConnectionLost = (error: ClickHouseError): boolean =>
  error.kind === "transient" && error.code === undefined

/** Whether the replica that was asked lacks what others acknowledged: ask again. */
export const isBehind = (error: ClickHouseError): boolean =>
  error.code === REPLICA_IS_NOT_IN_QUORUM

const REPLICA_IS_NOT_IN_QUORUM = 289
