/** Counts by name, of which there are never more than `most` and `other`. */
export type Counts = Readonly<Record<string, number>>

const most = 100
const other = "other"

/** Postgres takes neither NUL nor half of a surrogate pair. */
export const storableText = (text: string): string =>
  text.toWellFormed().replaceAll("\0", "\uFFFD")

/** Counts that grow. */
export class Tally {
  readonly #counts: Map<string, number>

  constructor(counts: Counts = {}) {
    this.#counts = new Map(Object.entries(counts))
  }

  add(name: string): void {
    const known = storableText(name.slice(0, 300))
    const key = this.#counts.has(known) || this.#counts.size < most ? known : other
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  get total(): number {
    let total = 0
    for (const count of this.#counts.values()) total += count
    return total
  }

  get counts(): Counts {
    return Object.fromEntries(this.#counts)
  }
}
