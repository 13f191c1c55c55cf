import type { Lane } from "./Batch.ts"

/** What bulk may have of the work while live rows wait. */
const BULK_SHARE = 0.3
/** Work that is remembered; older shares fade. */
const MEMORY_BYTES = 256 * 1024 * 1024
/**
 * This much pending is worth a batch, and no batch costs less: a turn of few bytes counts
 * as one of so many, else steady small live traffic would take every turn.
 */
export const PLENTY_BYTES = 4 * 1024 * 1024

/**
 * Chooses whose turn it is. Without waiting live rows the bulk lane has everything; with
 * them it gets at most 30 % of the work, and never less, so that imports do end.
 */
export class LaneShare {
  #live = 0
  #bulk = 0

  /** The lane of the next batch, and how many bytes it may have of `limit`. */
  next(
    waiting: { readonly live: boolean; readonly bulk: boolean },
    limit: number
  ): { readonly lane: Lane; readonly bytes: number } | undefined {
    if (!waiting.bulk) return waiting.live ? { lane: "live", bytes: limit } : undefined
    if (!waiting.live) return { lane: "bulk", bytes: limit }
    const allowed = (BULK_SHARE * this.#live) / (1 - BULK_SHARE) - this.#bulk
    // A turn too small to be worth a batch is saved up.
    return allowed >= Math.min(limit, MEMORY_BYTES) / 16
      ? { lane: "bulk", bytes: Math.min(limit, allowed) }
      : { lane: "live", bytes: limit }
  }

  /** Counts a batch that was sealed while both lanes waited. */
  record(lane: Lane, bytes: number): void {
    const cost = Math.max(bytes, PLENTY_BYTES)
    if (lane === "live") this.#live += cost
    else this.#bulk += cost
    const excess = (this.#live + this.#bulk) / MEMORY_BYTES
    if (excess > 1) {
      this.#live /= excess
      this.#bulk /= excess
    }
  }
}
