import { EngineError, engineError } from "./EngineError.ts"
import { Control, type Job, type Report, type Run } from "./Job.ts"
import { noStatistics, type Statistics } from "./Statistics.ts"

/** Blocks a worker may compute before the reader asks for them. */
const READ_AHEAD = 2

/** A statement that runs: its result block by block, and the means to stop it. */
export class Execution {
  readonly #control: Int32Array
  readonly #blocks: Array<ArrayBuffer> = []
  #wake: (() => void) | undefined
  #statistics: Statistics | undefined
  #error: EngineError | undefined
  readonly settled: Promise<void>
  readonly giveUp: (reason: string) => void
  readonly #settle: () => void

  /** `giveUp` ends the thread. */
  constructor(control: Int32Array, giveUp: (reason: string) => void) {
    this.giveUp = giveUp
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#control = control
    this.settled = promise
    this.#settle = resolve
  }

  get running(): boolean {
    return this.#statistics === undefined && this.#error === undefined
  }

  /** What the engine counted; zeros until the end. */
  get statistics(): Statistics {
    return this.#statistics ?? noStatistics
  }

  /** The next block of the result, undefined at its end. Throws the engine's error. */
  async next(): Promise<ArrayBuffer | undefined> {
    while (this.#blocks.length === 0 && this.running) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const block = this.#blocks.shift()
    if (block !== undefined) {
      this.#signal(Control.credits)
      return block
    }
    if (this.#error !== undefined) throw this.#error
    return undefined
  }

  /** Asks the worker to stop between two pieces; the engine's own work needs KILL QUERY. */
  cancel(): void {
    Atomics.store(this.#control, Control.cancelled, 1)
    this.#signal(Control.credits)
  }

  get cancelled(): boolean {
    return Atomics.load(this.#control, Control.cancelled) !== 0
  }

  /** Ends an execution whose thread will not answer any more. */
  abandon(reason: string): void {
    this.accept({
      type: "failed",
      message: engineError(1001, "STD_EXCEPTION", reason).message
    })
  }

  accept(report: Report): void {
    if (!this.running) return
    if (report.type === "block") this.#blocks.push(report.bytes)
    if (report.type === "done") this.#statistics = report.statistics
    if (report.type === "failed") this.#error = new EngineError(report.message)
    if (!this.running) this.#settle()
    this.#wake?.()
  }

  #signal(index: number): void {
    Atomics.add(this.#control, index, 1)
    Atomics.notify(this.#control, index)
  }
}

const transferable = (job: Job): Array<ArrayBuffer> =>
  job.kind === "insert"
    ? [...new Set(job.data.map((bytes) => bytes.buffer))].filter(
        // Small buffers may be slices of a pool others still use: those are copied.
        (buffer) => job.data.some((b) => b.buffer === buffer && owns(b))
      )
    : []

const owns = (bytes: Uint8Array): boolean =>
  bytes.byteLength * 2 > bytes.buffer.byteLength

/** One thread with the engine's C interface. */
export class EngineWorker {
  readonly #worker: Worker
  #execution: Execution | undefined
  #dead = false

  constructor(url: URL) {
    this.#worker = new Worker(url)
    this.#worker.onmessage = (event: MessageEvent<Report>) => {
      if (event.data.type === "ready") return
      this.#execution?.accept(event.data)
    }
    this.#worker.onerror = (event) => this.terminate(`Engine thread: ${event.message}`)
    this.#worker.addEventListener("close", () => this.terminate("Engine thread ended"))
  }

  get dead(): boolean {
    return this.#dead
  }

  start(job: Job): Execution {
    const control = new Int32Array(new SharedArrayBuffer(4 * Control.length))
    control[Control.credits] = READ_AHEAD
    const execution = new Execution(control, (reason) => this.terminate(reason))
    this.#execution = execution
    this.#worker.postMessage({ job, control } satisfies Run, transferable(job))
    return execution
  }

  /** Gives the thread up: its statement fails now, it never runs another. */
  terminate(reason: string): void {
    if (this.#dead) return
    this.#dead = true
    this.#worker.terminate()
    this.#execution?.abandon(reason)
  }
}
