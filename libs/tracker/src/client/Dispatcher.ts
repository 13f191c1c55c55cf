import { deliver, type Target } from "./Delivery.ts"
import type { Outbox, Waiting } from "./Outbox.ts"
import type { Trouble } from "./options.ts"
import type { Platform } from "./Platform.ts"

export interface Pace {
  readonly maxBatch: number
  readonly maxBatchBytes: number
  readonly retries: number
  /** Milliseconds. */
  readonly backoff: number
  readonly maxBackoff: number
}

/**
 * Empties an outbox: one request after the other, so that events arrive in their order,
 * and the same one again while the service is away.
 */
export class Dispatcher {
  readonly #outbox: Outbox
  readonly #target: Target
  readonly #pace: Pace
  readonly #platform: Platform
  readonly #mayRun: () => boolean
  readonly #changed: (troubles: ReadonlyArray<Trouble>) => void
  #most: number
  #isRunning = false
  #run = Promise.resolve()
  #wake: (() => void) | undefined
  readonly #end: AbortController

  constructor(it: {
    readonly outbox: Outbox
    readonly target: Omit<Target, "end">
    readonly pace: Pace
    readonly platform: Platform
    readonly mayRun: () => boolean
    readonly changed: (troubles: ReadonlyArray<Trouble>) => void
  }) {
    this.#outbox = it.outbox
    this.#end = new AbortController()
    this.#target = { ...it.target, end: this.#end.signal }
    this.#pace = it.pace
    this.#platform = it.platform
    this.#mayRun = it.mayRun
    this.#changed = it.changed
    this.#most = it.pace.maxBatch
  }

  /** Until nothing waits, or nothing may be sent. */
  run(): Promise<void> {
    if (!this.#isRunning) this.#run = this.#drain()
    return this.#run
  }

  /** Tries at once what waits for its next try. */
  hurry(): void {
    this.#wake?.()
  }

  /** Tries nothing again, and waits for no answer. */
  end(): void {
    this.#end.abort()
    this.hurry()
  }

  /** All at once, since the page may end before anything is answered. */
  leave(): void {
    while (this.#mayRun()) {
      const batch = this.#take()
      if (batch.length === 0) return
      deliver(batch, this.#target, this.#platform).then((outcome) => {
        if (outcome.kind === "done") this.#done(batch, outcome.troubles)
        else {
          this.#outbox.putBack(batch)
          // The page is still there to hear of it.
          const pause = outcome.kind === "again" ? outcome.after : 0
          this.#platform.after(Math.max(pause, this.#jittered(0)), () => {
            this.run()
          })
        }
      })
    }
  }

  async #drain(): Promise<void> {
    this.#isRunning = true
    let failures = 0
    for (;;) {
      const batch = this.#mayRun() && !this.#end.signal.aborted ? this.#take() : []
      if (batch.length === 0) {
        // At once: what is added a moment later must not think that this goes on.
        this.#isRunning = false
        return
      }
      const outcome = await deliver(batch, this.#target, this.#platform)
      if (outcome.kind === "done") {
        failures = 0
        this.#most = Math.min(this.#pace.maxBatch, this.#most + 1)
        this.#done(batch, outcome.troubles)
      } else if (outcome.kind === "split") {
        this.#most = batch.length >> 1
        this.#outbox.putBack(batch)
      } else if (failures >= this.#pace.retries) {
        failures = 0
        const events = batch.map(({ event }) => event)
        this.#done(batch, [{ kind: "exhausted", detail: outcome.detail, events }])
      } else {
        this.#outbox.putBack(batch)
        await this.#pause(Math.max(outcome.after, this.#jittered(failures++)))
      }
    }
  }

  #take(): ReadonlyArray<Waiting> {
    return this.#outbox.take(this.#most, this.#pace.maxBatchBytes)
  }

  #done(batch: ReadonlyArray<Waiting>, troubles: ReadonlyArray<Trouble>): void {
    // What was given up meanwhile has been told.
    const isLeft = batch.some((entry) => this.#outbox.has(entry))
    this.#outbox.remove(batch)
    this.#changed(isLeft ? troubles : [])
  }

  /** Between half and all of it, so that clients do not come back together. */
  #jittered(failures: number): number {
    const { backoff, maxBackoff } = this.#pace
    const whole = Math.min(maxBackoff, backoff * 2 ** failures)
    return whole * (0.5 + this.#platform.random() / 2)
  }

  async #pause(milliseconds: number): Promise<void> {
    if (this.#end.signal.aborted) return
    let cancel = () => {}
    await new Promise<void>((resume) => {
      this.#wake = resume
      cancel = this.#platform.after(milliseconds, resume)
    })
    cancel()
    this.#wake = undefined
  }
}
