import { CString, dlopen, type Pointer, ptr, read, toArrayBuffer } from "bun:ffi"
import { libchdbPath } from "chdb/libchdb"
import { EngineError, engineError } from "./EngineError.ts"

/** What the engine reports about a finished statement; 0 where it says nothing. */
export interface Statistics {
  readonly resultRows: number
  readonly rowsRead: number
  readonly bytesRead: number
  readonly rowsWritten: number
  readonly bytesWritten: number
}

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

const openLibrary = (path: string) =>
  dlopen(path, {
    chdb_connect: { args: ["i32", "ptr"], returns: "ptr" },
    chdb_close_conn: { args: ["ptr"], returns: "void" },
    chdb_query_n: { args: ["ptr", "ptr", "usize", "ptr", "usize"], returns: "ptr" },
    chdb_classify_query_n: {
      args: ["ptr", "ptr", "usize", "ptr", "usize", "ptr"],
      returns: "i32"
    },
    chdb_stream_query_n: {
      args: ["ptr", "ptr", "usize", "ptr", "usize"],
      returns: "ptr"
    },
    chdb_stream_fetch_result: { args: ["ptr", "ptr"], returns: "ptr" },
    chdb_stream_cancel_query: { args: ["ptr", "ptr"], returns: "void" },
    chdb_stream_insert_n: {
      args: ["ptr", "ptr", "usize", "ptr", "usize"],
      returns: "ptr"
    },
    chdb_stream_append: { args: ["ptr", "ptr", "usize"], returns: "i32" },
    chdb_stream_done: { args: ["ptr"], returns: "ptr" },
    chdb_stream_insert_error: { args: ["ptr"], returns: "ptr" },
    chdb_stream_cancel_insert: { args: ["ptr"], returns: "void" },
    chdb_destroy_insert_stream: { args: ["ptr"], returns: "void" },
    chdb_destroy_query_result: { args: ["ptr"], returns: "void" },
    chdb_result_buffer: { args: ["ptr"], returns: "ptr" },
    chdb_result_length: { args: ["ptr"], returns: "usize" },
    chdb_result_error: { args: ["ptr"], returns: "ptr" },
    chdb_result_rows_read: { args: ["ptr"], returns: "u64" },
    chdb_result_storage_rows_read: { args: ["ptr"], returns: "u64" },
    chdb_result_storage_bytes_read: { args: ["ptr"], returns: "u64" },
    chdb_result_rows_written: { args: ["ptr"], returns: "u64" },
    chdb_result_bytes_written: { args: ["ptr"], returns: "u64" }
  }).symbols

type Symbols = ReturnType<typeof openLibrary>

/** What calls return as pointers: a number at run time, whatever the types allow. */
type Address = Pointer | bigint | null

const terminated = (text: string): Buffer => Buffer.from(`${text}\0`)

export const noStatistics: Statistics = {
  resultRows: 0,
  rowsRead: 0,
  bytesRead: 0,
  rowsWritten: 0,
  bytesWritten: 0
}

/** libchdb's C interface. All calls block: use it in a worker (or while starting). */
export class Libchdb {
  readonly #symbols: Symbols

  private constructor(symbols: Symbols) {
    this.#symbols = symbols
  }

  /** Loads the library of this platform; throws what to do when there is none. */
  static load(): Libchdb {
    try {
      return new Libchdb(openLibrary(libchdbPath()))
    } catch (cause) {
      throw new Error(
        `No embedded ClickHouse for ${process.platform}-${process.arch}. Set CLICKHOUSE_URL to a ClickHouse server instead (http://user:password@host:8123/database).`,
        { cause }
      )
    }
  }

  /** Connects; the first connection of a process opens the data and takes its lock. */
  connect(args: ReadonlyArray<string>): Connection {
    const texts = ["clickhouse", ...args].map(terminated)
    const argv = new BigUint64Array(texts.map((text) => BigInt(ptr(text))))
    const handle = this.#symbols.chdb_connect(texts.length, ptr(argv))
    if (handle === null) {
      throw engineError(210, "NETWORK_ERROR", "The engine refused a connection")
    }
    return new Connection(this.#symbols, handle, read.ptr(handle, 0) as Pointer)
  }
}

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
