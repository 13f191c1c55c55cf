import { HashTable } from "@analytics/data-processing/HashTable"

type Visit = (words: Uint32Array, from: number) => void

/** Messages that a batch claims. Hashes are four words, `from` an offset in words. */
export class BatchClaims {
  readonly #claimed: HashTable
  readonly #duplicates = new HashTable(16)
  readonly #refused = new HashTable(16)

  /** @param events as many as there may be */
  constructor(events: number) {
    this.#claimed = new HashTable(events)
  }

  /** `false` if the batch has the message already. */
  claim(words: Uint32Array): boolean {
    return this.#claimed.add(words)
  }

  /** Another batch claimed it before. */
  cede(words: Uint32Array): void {
    this.#duplicates.add(words)
  }

  /** The store refused it: a claim that an earlier attempt made is void. */
  refuse(words: Uint32Array): void {
    this.#refused.add(words)
  }

  has(words: Uint32Array, from = 0): boolean {
    return this.#claimed.has(words, from) && !this.#duplicates.has(words, from)
  }

  forEachClaimed(visit: Visit): void {
    const { words } = this.#claimed
    const allNew = this.#duplicates.size === 0
    for (let from = 0; from < words.length; from += 4)
      if (allNew || !this.#duplicates.has(words, from)) visit(words, from)
  }

  /** Calls back with each hash whose claim, if an earlier attempt made one, is void. */
  forEachVoid(visit: Visit): void {
    const { words } = this.#refused
    for (let from = 0; from < words.length; from += 4)
      if (!this.#claimed.has(words, from)) visit(words, from)
  }
}
