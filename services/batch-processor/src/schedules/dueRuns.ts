import { Schema } from "effect"
import type { Timetable } from "./Timetable.ts"

/**
 * What becomes of a run that could not start at its time, because nothing was there to
 * start it or because the job of the run before was not finished.
 */
export const MissedRuns = Schema.Literals(["skip", "once", "catch-up"])
export type MissedRuns = typeof MissedRuns.Type

/** Milliseconds that a run may start late without being missed: a restart, a takeover. */
export const GRACE = 5 * 60_000

/** Runs that `catch-up` makes up for, the newest; older ones are skipped. */
export const MAX_CAUGHT_UP = 100

/** Skipped runs are counted up to here. */
export const MAX_COUNTED = 1000

/** Runs that will not happen: from the first to the last of them. */
export interface Skipped {
  readonly from: number
  readonly to: number
  /** At most `MAX_COUNTED`, which stands for as many or more. */
  readonly runs: number
  /** The job before was not finished; nobody could start them; one run stands for all. */
  readonly reason: "overlap" | "missed" | "merged"
}

export interface Decision {
  /** The run that becomes a job now. */
  readonly run: number | undefined
  readonly skipped: Skipped | undefined
  /** The next run that is neither a job nor skipped. */
  readonly nextAt: number | undefined
}

/**
 * What to do about a schedule whose run of `nextAt` is due, or nothing (undefined) while
 * it has to wait for its job to finish. At most one job of a schedule is unfinished.
 */
export const dueRuns = (due: {
  readonly timetable: Timetable
  readonly missed: MissedRuns
  readonly nextAt: number
  readonly now: number
  /** A job of the schedule is not finished. */
  readonly isBusy: boolean
}): Decision | undefined => {
  const { isBusy, missed, nextAt, now, timetable } = due
  if (nextAt > now) return undefined
  const latest = Math.max(nextAt, timetable.previous(now) ?? nextAt)
  const upcoming = timetable.next(now)
  const before = (run: number, reason: Skipped["reason"]): Skipped | undefined => {
    const last = timetable.previous(run - 1)
    return last === undefined || last < nextAt
      ? undefined
      : { from: nextAt, to: last, runs: count(timetable, nextAt, last), reason }
  }
  const all = (reason: Skipped["reason"]): Skipped => ({
    from: nextAt,
    to: latest,
    runs: count(timetable, nextAt, latest),
    reason
  })

  if (missed === "skip") {
    if (isBusy) return { run: undefined, skipped: all("overlap"), nextAt: upcoming }
    return now - latest > GRACE
      ? { run: undefined, skipped: all("missed"), nextAt: upcoming }
      : { run: latest, skipped: before(latest, "missed"), nextAt: upcoming }
  }
  if (isBusy) return undefined
  if (missed === "once")
    return { run: latest, skipped: before(latest, "merged"), nextAt: upcoming }
  const first = newest(timetable, nextAt, latest)
  return { run: first, skipped: before(first, "missed"), nextAt: timetable.next(first) }
}

/** The first of the newest `MAX_CAUGHT_UP` runs from `from` to `to`. */
const newest = (timetable: Timetable, from: number, to: number): number => {
  let first = to
  for (let kept = 1; kept < MAX_CAUGHT_UP; kept++) {
    const earlier = timetable.previous(first - 1)
    if (earlier === undefined || earlier < from) return first
    first = earlier
  }
  return first
}

const count = (timetable: Timetable, from: number, to: number): number => {
  let runs = 1
  for (
    let at = timetable.next(from);
    at !== undefined && at <= to && runs < MAX_COUNTED;
    at = timetable.next(at)
  )
    runs++
  return runs
}
