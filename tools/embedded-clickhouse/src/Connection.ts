import { CString, type Pointer, ptr, toArrayBuffer } from "bun:ffi"
import { EngineError, engineError } from "./EngineError.ts"
import { type Address, type Symbols, terminated } from "./LibchdbSymbols.ts"
import { noStatistics, type Statistics } from "./Statistics.ts"

/** The parser's verdict on a text: how many statements, and of which class. */
export interface Classification {
  readonly statements: number
  readonly queryClass: QueryClass
}

export const QueryClass = {
  readOnly: 0,
  mutating: 1,
  mutatingGlobal: 2,
  control: 3,
  unknown: 4
} as const
export type QueryClass = number

/** One session: its own settings, parameters and current database. */
export class Connection {
  readonly #symbols: Symbols
  readonly #handle: Pointer | bigint
  readonly #connection: Address

  constructor(symbols: Symbols, handle: Pointer | bigint, connection: Address) {
    this.#symbols = symbols
    this.#handle = handle
    this.#connection = connection
  }

  close(): void {
    this.#symbols.chdb_close_conn(this.#handle)
  }

  classify(sql: string): Classification {
    const text = Buffer.from(sql)
    const out = new Uint32Array(4)
    out[0] = out.byteLength
    const state = this.#symbols.chdb_classify_query_n(
      this.#connection,
      text.length === 0 ? null : ptr(text),
      text.length,
      null,
      0,
      ptr(out)
    )
    if (state !== 0) {
      throw engineError(1001, "STD_EXCEPTION", "The engine could not parse the query")
    }
    return { statements: out[1] ?? 0, queryClass: out[3] ?? QueryClass.unknown }
  }

  /** Runs statements whose result nobody wants. */
  execute(sql: string): void {
    this.query(sql, "Null")
  }

  /** Runs one statement and returns its whole result. */
  query(sql: string, format: string): { bytes: ArrayBuffer; statistics: Statistics } {
    const text = terminated(sql)
    const name = terminated(format)
    const result = this.#symbols.chdb_query_n(
      this.#connection,
      ptr(text),
      text.length - 1,
      ptr(name),
      name.length - 1
    )
    return this.#take(result)
  }

  /** Runs one SELECT; each call of the generator computes and copies one block. */
  *stream(sql: string, format: string): Generator<ArrayBuffer, Statistics> {
    const text = terminated(sql)
    const name = terminated(format)
    const stream = this.#symbols.chdb_stream_query_n(
      this.#connection,
      ptr(text),
      text.length - 1,
      ptr(name),
      name.length - 1
    )
    if (stream === null) throw engineError(1001, "STD_EXCEPTION", "No result stream")
    let ended = false
    try {
      this.#throwError(this.#symbols.chdb_result_error(stream))
      let resultRows = 0
      let rowsRead = 0
      let bytesRead = 0
      while (true) {
        const block = this.#take(
          this.#symbols.chdb_stream_fetch_result(this.#connection, stream)
        )
        if (block.bytes.byteLength === 0) break
        resultRows += block.statistics.resultRows
        // These two are totals up to the block, and the largest is the last known.
        rowsRead = Math.max(rowsRead, block.statistics.rowsRead)
        bytesRead = Math.max(bytesRead, block.statistics.bytesRead)
        yield block.bytes
      }
      ended = true
      return { ...noStatistics, resultRows, rowsRead, bytesRead }
    } finally {
      if (!ended) this.#symbols.chdb_stream_cancel_query(this.#connection, stream)
      this.#symbols.chdb_destroy_query_result(stream)
    }
  }

  /**
   * Inserts data that is never part of the SQL text. `head` is the statement up to FORMAT.
   * `goOn` is asked before each piece; false cancels and stores nothing that was not yet
   * a full block.
   */
  insert(
    head: string,
    format: string,
    pieces: Iterable<Uint8Array>,
    goOn: () => boolean
  ): Statistics {
    const text = terminated(head)
    const name = terminated(format)
    const stream = this.#symbols.chdb_stream_insert_n(
      this.#connection,
      ptr(text),
      text.length - 1,
      ptr(name),
      name.length - 1
    )
    if (stream === null) throw engineError(1001, "STD_EXCEPTION", "No insert stream")
    let ended = false
    try {
      this.#throwError(this.#symbols.chdb_stream_insert_error(stream))
      for (const piece of pieces) {
        if (!goOn()) {
          throw engineError(394, "QUERY_WAS_CANCELLED", "Query was cancelled")
        }
        if (piece.length === 0) continue
        if (this.#symbols.chdb_stream_append(stream, ptr(piece), piece.length) !== 0) {
          this.#throwError(this.#symbols.chdb_stream_insert_error(stream))
          throw engineError(1001, "STD_EXCEPTION", "The engine refused the data")
        }
      }
      if (!goOn()) throw engineError(394, "QUERY_WAS_CANCELLED", "Query was cancelled")
      ended = true
      return this.#take(this.#symbols.chdb_stream_done(stream)).statistics
    } finally {
      if (!ended) this.#symbols.chdb_stream_cancel_insert(stream)
      this.#symbols.chdb_destroy_insert_stream(stream)
    }
  }

  #throwError(message: Address): void {
    if (message !== null) throw new EngineError(new CString(message).toString())
  }

  /** Copies a result out of the engine's memory and frees it. */
  #take(result: Address): { bytes: ArrayBuffer; statistics: Statistics } {
    if (result === null) return { bytes: new ArrayBuffer(0), statistics: noStatistics }
    const symbols = this.#symbols
    try {
      this.#throwError(symbols.chdb_result_error(result))
      const length = Number(symbols.chdb_result_length(result))
      const buffer = symbols.chdb_result_buffer(result)
      const bytes =
        buffer === null || length === 0
          ? new ArrayBuffer(0)
          : toArrayBuffer(buffer, 0, length).slice(0)
      return {
        bytes,
        statistics: {
          resultRows: Number(symbols.chdb_result_rows_read(result)),
          rowsRead: Number(symbols.chdb_result_storage_rows_read(result)),
          bytesRead: Number(symbols.chdb_result_storage_bytes_read(result)),
          rowsWritten: Number(symbols.chdb_result_rows_written(result)),
          bytesWritten: Number(symbols.chdb_result_bytes_written(result))
        }
      }
    } finally {
      symbols.chdb_destroy_query_result(result)
    }
  }
}
