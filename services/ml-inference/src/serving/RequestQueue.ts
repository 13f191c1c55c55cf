import type { Waiting } from "./batching.ts"

/** Requests in the order in which they came, counted in rows and bytes. */
export class RequestQueue {
  readonly #maxRows: number
  #waiting: Array<Waiting> = []
  rows = 0
  bytes = 0

  /** `maxRows`: rows that are taken at once. */
  constructor(maxRows: number) {
    this.#maxRows = maxRows
  }

  /** When the oldest came. */
  get oldest(): number | undefined {
    return this.#waiting.reduce<number | undefined>(
      (oldest, { since }) => Math.min(oldest ?? since, since),
      undefined
    )
  }

  push(waiting: Waiting): void {
    this.#waiting.push(waiting)
    this.#count(waiting, 1)
  }

  pushFront(waiting: ReadonlyArray<Waiting>): void {
    this.#waiting.unshift(...waiting)
    for (const each of waiting) this.#count(each, 1)
  }

  remove(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting)
    if (at === -1) return
    this.#waiting.splice(at, 1)
    this.#count(waiting, -1)
  }

  takeAll(): ReadonlyArray<Waiting> {
    return this.#takeWhere(() => true)
  }

  /** Those that came before then, wherever they stand. */
  takeBefore(then: number): ReadonlyArray<Waiting> {
    return this.#takeWhere(({ since }) => since <= then)
  }

  /** The first, and the others that may run with it, as many as fit. */
  take(): ReadonlyArray<Waiting> {
    const [first] = this.#waiting
    if (first === undefined) return []
    const { key } = first.request
    let rows = 0
    return this.#takeWhere((each) => {
      const fits =
        each === first ||
        (key !== undefined &&
          each.request.key === key &&
          !first.alone &&
          !each.alone &&
          rows + each.request.rows <= this.#maxRows)
      if (fits) rows += each.request.rows
      return fits
    })
  }

  #takeWhere(wanted: (waiting: Waiting) => boolean): ReadonlyArray<Waiting> {
    const taken: Array<Waiting> = []
    const left: Array<Waiting> = []
    for (const each of this.#waiting) {
      if (wanted(each)) {
        taken.push(each)
        this.#count(each, -1)
      } else left.push(each)
    }
    this.#waiting = left
    return taken
  }

  #count({ request: { bytes, rows } }: Waiting, sign: 1 | -1): void {
    this.rows += sign * Math.max(1, rows)
    this.bytes += sign * bytes
  }
}
