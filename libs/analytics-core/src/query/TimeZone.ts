/** Wall clocks of one IANA zone. All numbers are milliseconds. */
export interface TimeZone {
  readonly name: string
  /** What the wall clock shows more than UTC at an instant. */
  offsetAt(instant: number): number
}

const zones = new Map<string, TimeZone>()

/** The zone of that IANA name, if there is one. */
export const timeZone = (name: string): TimeZone | undefined => {
  // Fixed offsets such as "+02:00" are no IANA names, and no name has other letters.
  if (!/^[A-Za-z][\w+/-]*$/u.test(name)) return undefined
  // Names are read without case: there must not be a zone for every way to write one.
  const key = name.toLowerCase()
  const known = zones.get(key)
  if (known) return known
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      timeZoneName: "longOffset"
    })
    const zone = { name, offsetAt: (instant: number) => parse(format.format(instant)) }
    zones.set(key, zone)
    return zone
  } catch {
    return undefined
  }
}

/** Reads `1/2/2025, GMT-04:30:15`; UTC itself is a bare `GMT`. */
const parse = (text: string): number => {
  const found = /GMT(?:([+\-−])(\d\d):(\d\d)(?::(\d\d))?)?$/u.exec(text)
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = found ?? []
  const size = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
  return (sign === undefined || sign === "+" ? size : -size) * 1000
}

const HOUR = 3_600_000

/** The first instant in `(low, high]` with another offset than `low` has. */
export const transitionIn = (zone: TimeZone, low: number, high: number): number => {
  const before = zone.offsetAt(low)
  let [left, right] = [low, high]
  while (right - left > 1) {
    const middle = Math.floor((left + right) / 2)
    if (zone.offsetAt(middle) === before) left = middle
    else right = middle
  }
  return right
}

/** The first instant at which the wall clock shows `wall` or, where that is skipped, more. */
export const instantOf = (zone: TimeZone, wall: number): number => {
  const before = zone.offsetAt(wall - 15 * HOUR)
  const after = zone.offsetAt(wall + 15 * HOUR)
  const early = wall - before
  if (before === after || zone.offsetAt(early) === before) return early
  const late = wall - after
  if (zone.offsetAt(late) === after) return late
  return transitionIn(zone, wall - 15 * HOUR, wall + 15 * HOUR)
}

/** `2025-03-01T10:00:00-05:00`. */
export const wallClockLabel = (zone: TimeZone, instant: number): string => {
  const offset = zone.offsetAt(instant)
  const size = Math.abs(offset) / 60_000
  const two = (number: number) => String(Math.trunc(number)).padStart(2, "0")
  const wall = new Date(instant + offset).toISOString().replace(/(\.000)?Z$/u, "")
  return `${wall}${offset < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`
}
