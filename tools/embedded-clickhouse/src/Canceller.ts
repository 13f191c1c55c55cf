import type { EnginePool } from "./EnginePool.ts"
import type { Execution } from "./EngineWorker.ts"
import type { Job } from "./Job.ts"
import { ID_SETTING, quoted } from "./RequestSettings.ts"

export interface CancellerOptions {
  readonly connect: ReadonlyArray<string>
  /** How long a killed statement may take to end before its thread is given up, ms. */
  readonly graceMs: number
  /** Told how many threads have been given up. */
  readonly onAbandoned: (count: number) => void
}

/** Stops running statements: KILL QUERY from a connection of its own. */
export class Canceller {
  readonly #pool: EnginePool
  readonly #options: CancellerOptions
  #abandoned = 0

  constructor(pool: EnginePool, options: CancellerOptions) {
    this.#pool = pool
    this.#options = options
  }

  /** Threads given up because the engine did not let go of them. */
  get abandoned(): number {
    return this.#abandoned
  }

  /** Stops a statement; repeated until it ends, as it may not have begun yet. */
  async cancel(execution: Execution, uniqueId: string): Promise<void> {
    if (execution.cancelled) return
    execution.cancel()
    // A kill that still waits for its thread is of no use once the statement has ended.
    const ended = new AbortController()
    execution.settled.then(() => ended.abort())
    const giveUpAt = Date.now() + this.#options.graceMs
    let pause = 20
    while (execution.running) {
      if (Date.now() > giveUpAt) {
        this.#abandoned++
        execution.giveUp("The engine did not stop a cancelled query in time")
        this.#options.onAbandoned(this.#abandoned)
        return
      }
      await this.#kill(uniqueId, ended.signal)
      await Promise.race([execution.settled, Bun.sleep(pause)])
      pause = Math.min(pause * 2, 1_000)
    }
  }

  async #kill(uniqueId: string, ended: AbortSignal): Promise<void> {
    const job: Job = {
      kind: "query",
      connect: this.#options.connect,
      prologue: "SET max_threads = 1",
      // SYNC never returns here.
      sql: `KILL QUERY WHERE Settings['${ID_SETTING}'] = ${quoted(uniqueId)} ASYNC`,
      format: "Null",
      readonly: false
    }
    try {
      const kill = await this.#pool.start(job, ended)
      await Promise.race([kill.settled, Bun.sleep(this.#options.graceMs)])
    } catch {
      // Ended meanwhile, or a full queue of kills: the caller's loop tries again.
    }
  }
}
