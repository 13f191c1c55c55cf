import { Canceller } from "./Canceller.ts"
import { EnginePool } from "./EnginePool.ts"
import type { Execution } from "./EngineWorker.ts"
import { isStreamable } from "./Formats.ts"
import type { Job } from "./Job.ts"
import type { Work } from "./Work.ts"

export interface EngineOptions {
  readonly workerUrl: URL
  readonly connect: ReadonlyArray<string>
  /** SELECTs and DDL at once; INSERTs with data at once. */
  readonly queries: number
  readonly inserts: number
  /** Statements that may wait for a thread, of each of the two, and how long (ms). */
  readonly queue: number
  readonly queueMs: number
  /** The longest any statement may run, ms. */
  readonly statementMs: number
  /** The longest pause of a client that reads a result, ms. */
  readonly stallMs: number
  /** How long a killed statement may go on before its thread is given up, ms. */
  readonly killMs: number
  readonly onAbandoned: (count: number) => void
}

/** KILL runs beside everything else, or a full server could not be relieved. */
const KILL_THREADS = 2

/** A statement that runs, and how to stop it. */
export interface Running {
  readonly execution: Execution
  readonly cancel: () => void
}

/** Runs statements on threads: reads, inserts and kills never wait for each other. */
export class Engine {
  readonly #options: EngineOptions
  readonly #queries: EnginePool
  readonly #inserts: EnginePool
  readonly #kills: EnginePool
  readonly #canceller: Canceller
  readonly #running = new Set<Running>()
  #started = 0

  constructor(options: EngineOptions) {
    const pool = (size: number) => new EnginePool({ ...options, size })
    this.#options = options
    this.#queries = pool(options.queries)
    this.#inserts = pool(options.inserts)
    this.#kills = pool(KILL_THREADS)
    this.#canceller = new Canceller(this.#kills, {
      connect: options.connect,
      graceMs: options.killMs,
      onAbandoned: options.onAbandoned
    })
  }

  get running(): number {
    return this.#running.size
  }

  /** Starts a statement when a thread is free, unless `signal` comes first. */
  async start(work: Work, signal: AbortSignal): Promise<Running> {
    const execution = await this.#pool(work).start(this.#job(work), signal)
    const cancel = () => void this.#canceller.cancel(execution, work.settings.uniqueId)
    const deadline = setTimeout(cancel, this.#options.statementMs)
    const running = { execution, cancel }
    this.#started++
    this.#running.add(running)
    execution.settled.then(() => {
      clearTimeout(deadline)
      this.#running.delete(running)
    })
    return running
  }

  cancelAll(): void {
    for (const { cancel } of this.#running) cancel()
  }

  /** Ends all threads. */
  close(): void {
    for (const pool of [this.#queries, this.#inserts, this.#kills]) pool.close()
  }

  metrics(): Readonly<Record<string, number>> {
    return {
      statements_total: this.#started,
      statements_running: this.#running.size,
      queries_running: this.#queries.running,
      queries_waiting: this.#queries.waiting,
      inserts_running: this.#inserts.running,
      inserts_waiting: this.#inserts.waiting,
      abandoned_threads_total: this.#canceller.abandoned
    }
  }

  #pool({ statement }: Work): EnginePool {
    if (statement.kind === "insert") return this.#inserts
    return statement.kills ? this.#kills : this.#queries
  }

  #job({ statement, settings }: Work): Job {
    const common = {
      connect: this.#options.connect,
      prologue: settings.prologue,
      readonly: settings.readonly,
      format: settings.format
    }
    if (statement.kind === "insert") {
      const { data, format, sql } = statement
      return { ...common, kind: "insert", sql, format, data }
    }
    const sql = statement.kills ? withoutSync(statement.sql) : statement.sql
    const streams =
      statement.selects &&
      !settings.buffered &&
      isStreamable(statement.format ?? settings.format)
    return streams
      ? { ...common, kind: "stream", sql, stallMs: this.#options.stallMs }
      : { ...common, kind: "query", sql }
  }
}

/** KILL … SYNC never returns in this engine; whoever kills asks system.processes. */
const withoutSync = (sql: string): string => sql.replace(/\bSYNC\s*;?\s*$/i, "ASYNC")
