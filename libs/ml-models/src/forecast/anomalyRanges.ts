import type { AnomaliesRequest, Judged } from "./Anomalies.ts"
import { expectation } from "./expected.ts"
import { usualErrors } from "./usualErrors.ts"

/** With fewer errors seen nothing is judged. */
const LEAST_ERRORS = 8
/** Where more than this share is missing, a missing value is usual. */
const USUALLY_MISSING = 0.1

const unjudged: Judged = {
  expected: null,
  lower: null,
  upper: null,
  score: null,
  anomaly: null
}

/** How the noise of counts is made as large at night as at noon. */
interface Space {
  readonly into: (value: number) => number
  readonly from: (value: number) => number
}
const asIs: Space = { into: (value) => value, from: (value) => value }
const squareRoot: Space = {
  into: Math.sqrt,
  from: (value) => Math.max(0, value) ** 2
}

/**
 * Each value against the range that those before it let expect, nothing later used.
 * @param seasons whose two first cycles are only learnt from
 * @param least smaller differences are no anomaly
 */
export const anomalyRanges = (
  { falseAlarmRate, values }: AnomaliesRequest,
  seasons: ReadonlyArray<number>,
  least: number
): ReadonlyArray<Judged> => {
  const known = values.filter((value) => value !== null)
  const space = known.every((value) => value >= 0) ? squareRoot : asIs
  const start = values.findIndex((value) => value !== null)
  const expecting = expectation(space.into(values[start] ?? 0), seasons)
  const errors = usualErrors(falseAlarmRate)
  const longest = seasons.at(-1) ?? 0
  const learntFrom = start + Math.max(longest, 4)
  const judgedFrom = start + Math.max(2 * longest, 4)
  let missing = 0
  return values.map((value, index) => {
    if (start < 0 || index < start) return unjudged
    const middle = expecting.at(index)
    const limit =
      errors.count() < LEAST_ERRORS ? Number.POSITIVE_INFINITY : errors.limit()
    const isJudged = index >= judgedFrom && Number.isFinite(limit)
    const expected = space.from(middle)
    const range = {
      lower: Math.min(space.from(middle - limit), expected - least),
      upper: Math.max(space.from(middle + limit), expected + least)
    }
    const lower = space === squareRoot ? Math.max(0, range.lower) : range.lower
    const bounds = { expected, lower, upper: range.upper }
    if (value === null) {
      const isUsual = missing > USUALLY_MISSING * (index - start)
      missing++
      return isJudged && !isUsual
        ? { ...bounds, score: null, anomaly: "missing" }
        : isJudged
          ? { ...bounds, score: null, anomaly: null }
          : unjudged
    }
    const seen = space.into(value)
    if (index >= learntFrom) errors.add(seen - middle)
    expecting.learn(index, seen, isJudged ? limit : Number.POSITIVE_INFINITY)
    if (!isJudged) return unjudged
    const off = value - expected
    const room = off < 0 ? expected - range.lower : range.upper - expected
    const score = off === 0 ? 0 : Math.abs(off) / room
    return {
      ...bounds,
      score: Number.isFinite(score) ? score : null,
      anomaly: value > range.upper ? "high" : value < range.lower ? "low" : null
    }
  })
}
