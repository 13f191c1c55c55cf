import { safeTimezone } from "../format/formatCell.ts"

const dayMs = 86_400_000
/** Day 0 of Excel, of which all days from 1 March 1900 are counted. */
const epoch = Date.UTC(1899, 11, 30)
const first = Date.UTC(1900, 2, 1)
const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

const serial = (at: number): number | null =>
  at >= first && at <= last ? (at - epoch) / dayMs : null

/** A day, `2026-03-01`, as Excel counts; null: it is no day that Excel knows. */
export const daySerial = (day: string): number | null => {
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(day)) return null
  const at = Date.parse(`${day}T00:00:00Z`)
  // 30 February would be 2 March.
  return Number.isNaN(at) || !new Date(at).toISOString().startsWith(day)
    ? null
    : serial(at)
}

/** Counts instants as Excel does, by what the clocks of a time zone show; null: not so. */
export const instantSerials = (timezone: string) => {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone: safeTimezone(timezone),
    calendar: "iso8601",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric"
  })
  return (instant: string): number | null => {
    const at = Date.parse(instant)
    if (Number.isNaN(at) || at < first - dayMs || at > last) return null
    const found = new Map(
      parts.formatToParts(at).map(({ type, value }) => [type, Number(value)])
    )
    const field = (type: Intl.DateTimeFormatPartTypes) => found.get(type) ?? 0
    return serial(
      Date.UTC(
        field("year"),
        field("month") - 1,
        field("day"),
        field("hour"),
        field("minute"),
        field("second"),
        ((at % 1000) + 1000) % 1000
      )
    )
  }
}
