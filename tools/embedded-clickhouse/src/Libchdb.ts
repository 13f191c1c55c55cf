import { type Pointer, ptr, read } from "bun:ffi"
import { libchdbPath } from "chdb/libchdb"
import { Connection } from "./Connection.ts"
import { engineError } from "./EngineError.ts"
import { openLibrary, type Symbols, terminated } from "./LibchdbSymbols.ts"

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
