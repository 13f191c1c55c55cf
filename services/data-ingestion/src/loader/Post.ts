import { RowBuffer } from "@analytics/data-processing/RowBuffer"
import type { Poison } from "./Batch.ts"

export const MOST_ROWS = 500_000
export const MOST_BYTES = 64 * 1024 * 1024

/** The rows of one POST: one month, encoded, each with the message it is of. */
export class Post {
  readonly partition: number
  readonly #rows: RowBuffer
  readonly #ends: Array<number> = []
  readonly #projects: Array<number> = []
  readonly #messages: Array<string> = []
  readonly #inboxIds: Array<bigint> = []
  readonly #indexes: Array<number> = []

  constructor(partition: number, rows = new RowBuffer(1 << 12)) {
    this.partition = partition
    this.#rows = rows
  }

  /** Where the next row is to be encoded. */
  get rows(): RowBuffer {
    return this.#rows
  }

  get count(): number {
    return this.#ends.length
  }

  get isFull(): boolean {
    return this.count >= MOST_ROWS || this.#rows.length >= MOST_BYTES - (1 << 20)
  }

  /** Notes whose row was just encoded. */
  endRow(projectId: number, messageId: string, inboxId: bigint, index: number): void {
    this.#ends.push(this.#rows.length)
    this.#projects.push(projectId)
    this.#messages.push(messageId)
    this.#inboxIds.push(inboxId)
    this.#indexes.push(index)
  }

  /** The encoded rows; a view. */
  get body(): Uint8Array<ArrayBuffer> {
    return this.#rows.view()
  }

  /** The rows from `from` to before `to` whose message `keep` accepts. */
  select(
    from: number,
    to: number,
    keep: (message: string) => boolean = () => true
  ): Post {
    const selected = new Post(this.partition)
    const all = this.#rows.view()
    for (let i = from; i < to; i++) {
      const message = this.#messages[i] ?? ""
      const project = this.#projects[i] ?? 0
      if (!keep(messageKey(project, message))) continue
      selected.rows.append(all.subarray(this.#ends[i - 1] ?? 0, this.#ends[i]))
      selected.endRow(project, message, this.#inboxIds[i] ?? 0n, this.#indexes[i] ?? 0)
    }
    return selected
  }

  /** Blames row `i`. */
  poison(i: number, reason: string): Poison {
    return {
      inboxId: String(this.#inboxIds[i]),
      index: this.#indexes[i] ?? 0,
      reason
    }
  }
}

/** A message of a project as one text. */
export const messageKey = (projectId: number, messageId: string): string =>
  `${projectId} ${messageId}`
