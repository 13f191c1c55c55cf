import type { Anomalies, AnomaliesRequest } from "./Anomalies.ts"
import { anomalyRanges } from "./anomalyRanges.ts"
import { changePoints } from "./changePoints.ts"
import { knownOf, seasonsOf } from "./Series.ts"

/** Counts must differ by so many from what was expected to be worth a word. */
const LEAST_EVENTS = 5
/** Two cycles are only learnt from: a longer season would leave nothing to judge. */
const LONGEST_SEASON = 200

/** What in a series is not as its past lets expect, and where its level shifts. */
export const anomaliesOf = (request: AnomaliesRequest): Anomalies => {
  const known = knownOf(request.values)
  const seasonLengths = seasonsOf(
    known.values.length,
    request.interval,
    request.seasonLengths
  ).filter((length) => length <= LONGEST_SEASON)
  const isCount = known.values.every((value) => value >= 0 && Number.isInteger(value))
  const leastChange = request.minimumChange ?? (isCount ? LEAST_EVENTS : 0)
  return {
    points: anomalyRanges(request, seasonLengths, leastChange),
    changePoints: changePoints(known, seasonLengths, leastChange),
    seasonLengths
  }
}
