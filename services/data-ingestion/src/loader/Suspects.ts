import type { EventLine } from "@analytics/data-processing/EventLine"

/** A message that may be a duplicate: only an exact look-up can tell. */
export interface Suspect {
  readonly line: EventLine
  readonly inboxId: bigint
  readonly index: number
  /** The hash of the message: four words of its own. */
  readonly words: Uint32Array
}

/** Messages of a batch that wait for an exact look-up, in inbox order. */
export class Suspects {
  #list: Array<Suspect> = []

  add(suspect: Suspect): void {
    this.#list.push(suspect)
  }

  get count(): number {
    return this.#list.length
  }

  /** Their hashes, four words each. */
  words(): Uint32Array<ArrayBuffer> {
    const words = new Uint32Array(this.#list.length * 4)
    this.#list.forEach((suspect, i) => {
      words.set(suspect.words, i * 4)
    })
    return words
  }

  /** All of them; none waits any more. */
  take(): ReadonlyArray<Suspect> {
    const taken = this.#list
    this.#list = []
    return taken
  }
}
