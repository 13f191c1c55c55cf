import { engineError } from "./EngineError.ts"
import { EngineWorker, type Execution } from "./EngineWorker.ts"
import type { Job } from "./Job.ts"

export interface PoolOptions {
  readonly workerUrl: URL
  /** Threads, which is how many statements run at once. */
  readonly size: number
  /** Statements that may wait for a thread. */
  readonly queue: number
  /** The longest wait in the queue, ms. */
  readonly queueMs: number
}

interface Waiter {
  readonly resolve: (worker: EngineWorker) => void
  readonly reject: (error: Error) => void
}

/** Worker threads that run one statement each, with a bounded queue before them. */
export class EnginePool {
  readonly #options: PoolOptions
  readonly #idle: Array<EngineWorker> = []
  readonly #all = new Set<EngineWorker>()
  readonly #waiters: Array<Waiter> = []

  constructor(options: PoolOptions) {
    this.#options = options
  }

  get running(): number {
    return this.#all.size - this.#idle.length
  }

  get waiting(): number {
    return this.#waiters.length
  }

  /**
   * Starts a statement; code 202 when every thread is taken and the queue is full, 394
   * when `signal` ends the wait.
   */
  async start(job: Job, signal?: AbortSignal): Promise<Execution> {
    const worker = await this.#acquire(signal)
    const execution = worker.start(job)
    const release = () => this.#release(worker)
    execution.settled.then(release, release)
    return execution
  }

  /** Ends all threads; statements that run fail. */
  close(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(tooMany("stopping"))
    for (const worker of this.#all) worker.terminate("The server stops")
  }

  async #acquire(signal: AbortSignal | undefined): Promise<EngineWorker> {
    if (signal?.aborted) throw cancelled()
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle
    if (this.#all.size < this.#options.size) return this.#spawn()
    if (this.#waiters.length >= this.#options.queue) throw tooMany("the queue is full")
    const { promise, reject, resolve } = Promise.withResolvers<EngineWorker>()
    const waiter: Waiter = { resolve, reject }
    this.#waiters.push(waiter)
    const leave = (error: Error) => {
      const at = this.#waiters.indexOf(waiter)
      if (at >= 0) this.#waiters.splice(at, 1)
      reject(error)
    }
    const timer = setTimeout(
      () => leave(tooMany("no thread became free in time")),
      this.#options.queueMs
    )
    const gone = () => leave(cancelled())
    signal?.addEventListener("abort", gone, { once: true })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener("abort", gone)
    }
  }

  #spawn(): EngineWorker {
    const worker = new EngineWorker(this.#options.workerUrl)
    this.#all.add(worker)
    return worker
  }

  #release(worker: EngineWorker): void {
    if (worker.dead) this.#all.delete(worker)
    const waiter = this.#waiters.shift()
    if (waiter !== undefined) waiter.resolve(worker.dead ? this.#spawn() : worker)
    else if (!worker.dead) this.#idle.push(worker)
  }
}

const tooMany = (why: string) =>
  engineError(202, "TOO_MANY_SIMULTANEOUS_QUERIES", `Too many queries: ${why}`)

const cancelled = () =>
  engineError(394, "QUERY_WAS_CANCELLED", "Query was cancelled before it began")
