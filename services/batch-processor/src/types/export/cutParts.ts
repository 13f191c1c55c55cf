import type { EventsPart } from "@analytics/analytics-core/query/export/exportedEvents"

/** How many events a day (counted from 1970) has. */
export interface DayCount {
  readonly day: number
  readonly events: number
}

const DAY = 86_400_000
const HASHES = 2n ** 64n

/**
 * Cuts days into parts of about `most` events that never change: neighbouring days
 * together, and a day with more by the ids of who did something. Days without events
 * belong to no part.
 *
 * @param range `[from, to)` in epoch milliseconds
 */
export const cutParts = (
  days: ReadonlyArray<DayCount>,
  most: number,
  range: { readonly from: number; readonly to: number }
): ReadonlyArray<EventsPart> => {
  const parts: Array<EventsPart> = []
  let open: { from: number; to: number; events: number } | undefined
  const close = () => {
    if (open) parts.push({ from: open.from, to: open.to })
    open = undefined
  }
  for (const { day, events } of days) {
    const from = Math.max(day * DAY, range.from)
    const to = Math.min((day + 1) * DAY, range.to)
    if (open !== undefined && open.events + events > most) close()
    if (events > most) parts.push(...byHash({ from, to }, Math.ceil(events / most)))
    else open = { from: open?.from ?? from, to, events: (open?.events ?? 0) + events }
  }
  close()
  return parts
}

const byHash = ({ from, to }: EventsPart, count: number): ReadonlyArray<EventsPart> => {
  const edge = (index: number) => (HASHES * BigInt(index)) / BigInt(count)
  return Array.from({ length: count }, (_, index) => ({
    from,
    to,
    hashes: { first: edge(index), last: edge(index + 1) - 1n }
  }))
}
