import { Clock, Effect } from "effect"
import { SharedTooOften } from "./ShareLink.ts"

/** Openings of one link in a minute, here; a page that refreshes itself needs few. */
const MOST_A_MINUTE = 60
/** Openings of one link that are being answered, here. */
const MOST_AT_ONCE = 8
const MINUTE = 60_000
/** Links that are remembered; beyond, those opened longest ago are forgotten. */
const MOST_LINKS = 10_000

interface Window {
  since: number
  count: number
  running: number
}

/** Bounds how often, and how often at once, links are opened in this process. */
export const openings = () => {
  const windows = new Map<string, Window>()

  const windowOf = (link: string, now: number): Window => {
    const window = windows.get(link) ?? { since: now, count: 0, running: 0 }
    // A clock that was put back must not keep a link shut.
    if (now >= window.since + MINUTE || now < window.since)
      Object.assign(window, { since: now, count: 0 })
    windows.delete(link)
    windows.set(link, window)
    const [oldest] = windows.keys()
    if (windows.size > MOST_LINKS && oldest !== undefined) windows.delete(oldest)
    return window
  }

  /** Seconds to wait; undefined: come in. */
  const enter = (window: Window, now: number): number | undefined => {
    if (window.count >= MOST_A_MINUTE)
      return Math.max(1, Math.ceil((window.since + MINUTE - now) / 1000))
    if (window.running >= MOST_AT_ONCE) return 1
    window.count++
    window.running++
    return undefined
  }

  /** Opens a link, unless it was opened as often as it may be. */
  return <A, E, R>(link: string, open: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const window = windowOf(link, now)
        const retryAfter = enter(window, now)
        return retryAfter === undefined
          ? window
          : yield* new SharedTooOften({ retryAfter })
      }),
      () => open,
      (window) => Effect.sync(() => window.running--)
    )
}
