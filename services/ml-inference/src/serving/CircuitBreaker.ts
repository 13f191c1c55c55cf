/** When a version that loses its processes is tried again. Times are milliseconds. */
export interface BreakerOptions {
  /** Losses in a row that open it. */
  readonly losses: number
  /** How long it is open at first; twice as long each time. */
  readonly shortest: number
  readonly longest: number
  /** Times it opens without a run that worked in between; then nothing is tried any more. */
  readonly opens: number
}

export const usualBreaker: BreakerOptions = {
  losses: 3,
  shortest: 1000,
  longest: 60_000,
  opens: 10
}

/**
 * Closed, processes are started again at once, and then ever later. Open, none is started
 * and requests are refused; after that one is tried, and its first loss opens it again.
 * Only a run that worked closes it.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions
  readonly #now: () => number
  #losses = 0
  #opens = 0
  #until = 0

  constructor(options: BreakerOptions, now: () => number = () => performance.now()) {
    this.#options = options
    this.#now = now
  }

  /** A process is gone. Gives whether that opened it. */
  lost(): boolean {
    this.#losses++
    const { longest, losses, shortest } = this.#options
    if (this.#losses < losses) {
      // The first restart waits for nothing: requests wait for it.
      const pause = this.#losses === 1 ? 0 : 50 * 2 ** this.#losses
      this.#until = this.#now() + Math.min(shortest, pause)
      return false
    }
    this.#opens++
    this.#until = this.#now() + Math.min(longest, shortest * 2 ** (this.#opens - 1))
    return true
  }

  /** A run worked. */
  worked(): void {
    if (this.#losses === 0) return
    this.#losses = 0
    this.#opens = 0
    this.#until = 0
  }

  /** Milliseconds until the next try; 0: now. */
  get wait(): number {
    return Math.max(0, this.#until - this.#now())
  }

  /** Whether requests are refused, and only one process is tried. */
  get open(): boolean {
    return this.#opens > 0
  }

  /** Whether it was tried often enough. */
  get spent(): boolean {
    return this.#opens >= this.#options.opens
  }
}
