/** How long unused bytes add up, in seconds. */
export const BUDGET_WINDOW = 60

export interface BudgetLeft {
  /** Bytes of a full budget. */
  readonly quota: number
  readonly remaining: number
  /** Whole seconds until something remains again, or until the budget is full. */
  readonly reset: number
}

/**
 * A token bucket per name: so many bytes a second, saved for up to a minute. What a query
 * reads is known only when it has ended, well or not, so a budget may be overdrawn, and then
 * waits.
 */
export const readBudget = (bytesPerSecond: number) => {
  const quota = bytesPerSecond * BUDGET_WINDOW
  const spentOf = new Map<string, { spent: number; at: number }>()

  const spentBy = (name: string, now: number): number => {
    const known = spentOf.get(name)
    return known === undefined
      ? 0
      : Math.max(0, known.spent - ((now - known.at) / 1000) * bytesPerSecond)
  }

  return {
    /** None without a limit. `now` is in milliseconds. */
    left: (name: string, now: number): BudgetLeft | undefined => {
      if (bytesPerSecond === 0) return undefined
      const spent = spentBy(name, now)
      const missing = spent >= quota ? spent - quota : spent
      return {
        quota,
        remaining: Math.max(0, Math.floor(quota - spent)),
        reset: Math.ceil(missing / bytesPerSecond)
      }
    },
    spend: (name: string, bytes: number, now: number) => {
      if (bytesPerSecond === 0) return
      const spent = spentBy(name, now) + bytes
      // Moved to the end: those that were not asked for long are at the beginning.
      spentOf.delete(name)
      if (spent > 0) spentOf.set(name, { spent, at: now })
      for (const oldest of spentOf.keys()) {
        if (spentBy(oldest, now) > 0) return
        spentOf.delete(oldest)
      }
    }
  }
}
