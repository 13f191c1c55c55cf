import { instantOf, type TimeZone } from "@analytics/analytics-core/query/TimeZone"

/** Minutes since midnight of the wall clock; `to` before `from` lies on the next day. */
export interface QuietHours {
  readonly from: number
  readonly to: number
}

export interface SendingTimes {
  readonly quietHours: QuietHours | undefined
  /** Days of the week on which notices are sent, 1 is Monday; undefined: all. */
  readonly days: ReadonlyArray<number> | undefined
}

const MINUTE = 60_000
const DAY = 1440 * MINUTE

/** `22:30` in minutes. */
export const minutesOf = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(":").map(Number)
  return hours * 60 + minutes
}

/**
 * The first instant from `at` on at which a notice may be sent, in epoch milliseconds: `at`
 * itself when nothing is in the way. There are at most seven days to pass over.
 */
export const sendableAt = (
  { days, quietHours }: SendingTimes,
  zone: TimeZone,
  at: number
): number => {
  let candidate = at
  for (let tries = 0; tries < 16; tries++) {
    const wall = candidate + zone.offsetAt(candidate)
    const midnight = Math.floor(wall / DAY) * DAY
    const next =
      days !== undefined && !days.includes(weekday(midnight))
        ? midnight + DAY
        : endOfQuiet(quietHours, wall, midnight)
    if (next === undefined) return candidate
    const first = instantOf(zone, next)
    // Where clocks are set back the wall clock comes again: its first time may be over.
    candidate = first > candidate ? first : candidate + (next - wall)
  }
  return candidate
}

const weekday = (midnight: number) => ((new Date(midnight).getUTCDay() + 6) % 7) + 1

const endOfQuiet = (
  quiet: QuietHours | undefined,
  wall: number,
  midnight: number
): number | undefined => {
  if (quiet === undefined || quiet.from === quiet.to) return undefined
  const minute = (wall - midnight) / MINUTE
  if (quiet.from < quiet.to)
    return minute >= quiet.from && minute < quiet.to
      ? midnight + quiet.to * MINUTE
      : undefined
  if (minute >= quiet.from) return midnight + DAY + quiet.to * MINUTE
  return minute < quiet.to ? midnight + quiet.to * MINUTE : undefined
}
