/** Keys that did not open anything, of one address in a minute. */
const MOST_A_MINUTE = 30
const MINUTE = 60_000
/** Addresses that are remembered; beyond, those that tried longest ago are forgotten. */
const MOST_ADDRESSES = 10_000

/**
 * Counts keys that opened nothing, by address, in this process. Keys cannot be guessed;
 * this keeps those who try from asking analytics-api about each of them.
 */
export const signInAttempts = () => {
  const windows = new Map<string, { readonly since: number; failed: number }>()
  const windowOf = (address: string, now: number) => {
    const known = windows.get(address)
    return known !== undefined && now < known.since + MINUTE ? known : undefined
  }
  return {
    /**
     * Seconds to wait; undefined: go on.
     *
     * @param now in epoch milliseconds
     */
    wait: (address: string, now: number): number | undefined => {
      const window = windowOf(address, now)
      return window !== undefined && window.failed >= MOST_A_MINUTE
        ? Math.ceil((window.since + MINUTE - now) / 1000)
        : undefined
    },
    failed: (address: string, now: number): void => {
      const window = windowOf(address, now) ?? { since: now, failed: 0 }
      windows.delete(address)
      windows.set(address, window)
      window.failed++
      const [oldest] = windows.keys()
      if (windows.size > MOST_ADDRESSES && oldest !== undefined) windows.delete(oldest)
    }
  }
}
