const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Waits between attempts: greylisting lets the second or third one pass. */
const waits = [
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR
] as const

/** Attempts that are made of their own accord. */
export const MOST_ATTEMPTS = waits.length + 1
/** What another side may ask for. */
const LONGEST_WAIT = 24 * HOUR

/**
 * Milliseconds until the next attempt after `made` of them; undefined: no more are made.
 * Another side's wish is honoured when it is longer.
 */
export const nextWait = (made: number, retryAfter = 0): number | undefined => {
  const wait = waits[made - 1]
  return wait === undefined
    ? undefined
    : Math.max(wait, Math.min(retryAfter, LONGEST_WAIT))
}

/** The value of a `Retry-After` header as milliseconds. */
export const retryAfterOf = (value: string | null, now: number): number | undefined => {
  if (value === null) return undefined
  if (/^\d{1,9}$/u.test(value.trim())) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
