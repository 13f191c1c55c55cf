/** Why memory is not given: the owner has its share, or there is none left at all. */
export type Shortage = "share" | "memory"

/**
 * Divides memory between owners: each may hold so many bytes, and while memory is short
 * only who holds more than an equal share waits.
 */
export class MemoryShares {
  readonly #most: number
  readonly #mostOfOne: number
  readonly #held = new Map<number | string, number>()
  #total = 0

  constructor(most: number, mostOfOne: number) {
    this.#most = most
    this.#mostOfOne = mostOfOne
  }

  /** What keeps `bytes` from being taken; `undefined` when they may be. */
  shortageOf(owner: number | string, bytes: number): Shortage | undefined {
    const held = this.#held.get(owner) ?? 0
    const share =
      this.#total + bytes > this.#most
        ? this.#most / Math.max(2, this.#held.size)
        : this.#mostOfOne
    // A single request larger than a share still gets in.
    if (held > 0 && held + bytes > Math.min(share, this.#mostOfOne)) return "share"
    // Shares of many newcomers may add up; memory has an end.
    return this.#total + bytes > 2 * this.#most ? "memory" : undefined
  }

  take(owner: number | string, bytes: number): void {
    this.#held.set(owner, (this.#held.get(owner) ?? 0) + bytes)
    this.#total += bytes
  }

  release(owner: number | string, bytes: number): void {
    const left = (this.#held.get(owner) ?? 0) - bytes
    if (left > 0) this.#held.set(owner, left)
    else this.#held.delete(owner)
    this.#total -= bytes
  }
}
