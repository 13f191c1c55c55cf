/** Openings of one link in a minute, here; a page that refreshes itself needs few. */
const MOST_A_MINUTE = 60
const MINUTE = 60_000
/** Links that are remembered; beyond, those opened longest ago are forgotten. */
const MOST_LINKS = 10_000

interface Window {
  readonly since: number
  count: number
}

/** Counts how often links are opened in this process. */
export const openings = () => {
  const windows = new Map<string, Window>()
  return {
    /**
     * Seconds to wait, if the link was opened as often as it may be in a minute.
     *
     * @param now in epoch milliseconds
     */
    open: (link: string, now: number): number | undefined => {
      const known = windows.get(link)
      const window =
        known !== undefined && now < known.since + MINUTE
          ? known
          : { since: now, count: 0 }
      windows.delete(link)
      windows.set(link, window)
      const [oldest] = windows.keys()
      if (windows.size > MOST_LINKS && oldest !== undefined) windows.delete(oldest)
      window.count++
      return window.count > MOST_A_MINUTE
        ? Math.max(1, Math.ceil((window.since + MINUTE - now) / 1000))
        : undefined
    }
  }
}
