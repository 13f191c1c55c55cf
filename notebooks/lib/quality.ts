/** What `GET /v1/accounting` answers. */
export interface Accounting {
  readonly accepted: number
  readonly stored: number
  readonly duplicate: number
  readonly quarantined: number
  readonly dropped: Readonly<Record<string, number>>
  readonly erased: number
  readonly expired: number
  readonly pending: number
  readonly balanced: boolean
}

/** Where every acknowledged event is; the numbers add up to `accepted`. */
export const outcomes = (
  accounting: Accounting
): ReadonlyArray<{ readonly outcome: string; readonly events: number }> => [
  { outcome: "stored", events: accounting.stored },
  { outcome: "duplicate", events: accounting.duplicate },
  { outcome: "quarantined", events: accounting.quarantined },
  {
    outcome: "dropped",
    events: Object.values(accounting.dropped).reduce((sum, it) => sum + it, 0)
  },
  { outcome: "erased", events: accounting.erased },
  { outcome: "expired", events: accounting.expired },
  { outcome: "pending", events: accounting.pending }
]

/** Buckets without any event, between the first and the last that have some. */
export interface Silence {
  readonly from: Date
  readonly to: Date
  readonly buckets: number
}

/**
 * Runs of at least `least` empty buckets.
 * @param buckets instants, rising; `counts` has one number for each.
 */
export const silences = (
  buckets: ReadonlyArray<string>,
  counts: ReadonlyArray<number>,
  least: number
): ReadonlyArray<Silence> => {
  const found: Array<Silence> = []
  // What comes before the first event is no silence.
  let from = counts.findIndex((it) => it > 0)
  if (from < 0) return found
  for (let at = from; at < counts.length; at++) {
    if ((counts[at] ?? 0) === 0) continue
    const empty = at - from - 1
    const [start, end] = [buckets[from + 1], buckets[at]]
    if (empty >= least && start !== undefined && end !== undefined)
      found.push({ from: new Date(start), to: new Date(end), buckets: empty })
    from = at
  }
  return found
}
