import {
  instantOf,
  type TimeZone,
  timeZone,
  transitionIn
} from "@analytics/analytics-core/query/TimeZone"
import { Cron, Result } from "effect"

/** When a schedule runs. All instants are milliseconds since 1970. */
export interface Timetable {
  readonly zone: TimeZone
  /** The first run after an instant; undefined when none comes. */
  next(after: number): number | undefined
  /** The last run at or before an instant. */
  previous(atOrBefore: number): number | undefined
}

/** Why a text is no timetable. */
export interface NoTimetable {
  readonly field: "cron" | "timezone"
  readonly detail: string
}

const MAX_CRON = 200
const HOUR = 3_600_000
/** No clock is set back by more. */
const LONGEST_OVERLAP = 3 * HOUR

/**
 * A cron expression of five fields in an IANA time zone.
 *
 * Where a clock is changed, a rule that names hours and one that does not mean different
 * things. "At 02:30" is once a day: when the clock skips it, right after the change; when
 * the clock shows it twice, the first time. "Every 15 minutes", with all hours allowed, is
 * about time that passes: nothing is left out and nothing made up.
 */
export const timetable = (
  cron: string,
  zoneName: string
): Result.Result<Timetable, NoTimetable> => {
  const zone = timeZone(zoneName)
  if (zone === undefined)
    return no("timezone", "Expected an IANA time zone such as Europe/Berlin")
  if (cron.length > MAX_CRON || cron.trim().split(/\s+/u).length !== 5)
    return no("cron", FIVE_FIELDS)
  // The pattern alone: what the wall clock shows is searched as if it were UTC.
  const wall = Cron.parse(cron, "UTC")
  if (Result.isFailure(wall))
    return no("cron", `${wall.failure.message}. ${FIVE_FIELDS}`)
  const everyHour = wall.success.hours.size === 0 || wall.success.hours.size === 24
  const made = everyHour
    ? inPassingTime(zone, wall.success)
    : byTheClock(zone, wall.success)
  return made.next(Date.UTC(2024, 0, 1)) === undefined
    ? no("cron", "There is no such day in any year, so it would never run")
    : Result.succeed(made)
}

const FIVE_FIELDS =
  "Expected five fields: minute, hour, day of month, month, day of week, such as 30 2 * * 1-5"

const no = (field: NoTimetable["field"], detail: string) =>
  Result.fail<NoTimetable>({ field, detail })

/** Each time of the wall clock once: `instantOf` never goes back as the wall time grows. */
const byTheClock = (zone: TimeZone, cron: Cron.Cron): Timetable => ({
  zone,
  next: (after) => {
    let wall = nextWall(cron, after + zone.offsetAt(after))
    while (wall !== undefined) {
      const instant = instantOf(zone, wall)
      if (instant > after) return instant
      // In an overlap the clock shows again what was already counted.
      wall = nextWall(cron, wall)
    }
    return undefined
  },
  previous: (atOrBefore) => {
    // Shortly after a clock was set back, it has shown more than it shows.
    const earlier = zone.offsetAt(atOrBefore - LONGEST_OVERLAP)
    const shown = atOrBefore + Math.max(zone.offsetAt(atOrBefore), earlier)
    let wall = previousWall(cron, shown + 1)
    while (wall !== undefined) {
      const instant = instantOf(zone, wall)
      if (instant <= atOrBefore) return instant
      wall = previousWall(cron, wall)
    }
    return undefined
  }
})

/** Every instant at which the wall clock fits, both times when it shows the same twice. */
const inPassingTime = (zone: TimeZone, cron: Cron.Cron): Timetable => ({
  zone,
  next: (after) => {
    let low = after
    let wall = nextWall(cron, low + zone.offsetAt(low))
    while (wall !== undefined) {
      const offset = zone.offsetAt(low)
      const instant = wall - offset
      if (zone.offsetAt(instant) === offset) return instant
      low = transitionIn(zone, low, instant)
      wall = nextWall(cron, low - 1 + zone.offsetAt(low))
    }
    return undefined
  },
  previous: (atOrBefore) => {
    let high = atOrBefore
    let wall = previousWall(cron, high + 1 + zone.offsetAt(high))
    while (wall !== undefined) {
      const offset = zone.offsetAt(high)
      const instant = wall - offset
      if (zone.offsetAt(instant) === offset) return instant
      high = transitionIn(zone, instant, high) - 1
      wall = previousWall(cron, high + 1 + zone.offsetAt(high))
    }
    return undefined
  }
})

const nextWall = (cron: Cron.Cron, after: number) => found(() => Cron.next(cron, after))
const previousWall = (cron: Cron.Cron, before: number) =>
  found(() => Cron.prev(cron, before))

/** The search gives up on days that do not exist, such as the 30th of February. */
const found = (search: () => Date): number | undefined => {
  try {
    return search().getTime()
  } catch {
    return undefined
  }
}
