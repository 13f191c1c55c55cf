const LIMIT = 10_000
const LIFETIME = 5000

/** Hashes that analytics-api did not know a moment ago. Bounded, and forgets soon. */
export class RecentlyUnknown {
  readonly #until = new Map<string, number>()

  has(hash: string, now: number = Date.now()): boolean {
    const until = this.#until.get(hash)
    if (until === undefined) return false
    if (until > now) return true
    this.#until.delete(hash)
    return false
  }

  add(hash: string, now: number = Date.now()): void {
    // A Map keeps the order of insertion, so the first is the oldest.
    if (this.#until.size >= LIMIT) {
      const oldest = this.#until.keys().next()
      if (!oldest.done) this.#until.delete(oldest.value)
    }
    this.#until.set(hash, now + LIFETIME)
  }

  delete(hash: string): void {
    this.#until.delete(hash)
  }
}
