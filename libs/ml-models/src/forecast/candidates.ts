import type { ForecastModel } from "./Forecast.ts"
import { mstl } from "./mstl.ts"
import { smoothing } from "./smoothing.ts"

/** The next `horizon` values after `history`; undefined: it says nothing of this series. */
export interface Candidate {
  readonly forecast: (
    history: Float64Array,
    horizon: number
  ) => ReadonlyArray<number> | undefined
  /** Takes milliseconds, where the others take microseconds. */
  readonly isSlow: boolean
}

export type Candidates = ReadonlyMap<ForecastModel, Candidate>

const steps = (horizon: number, at: (step: number) => number): ReadonlyArray<number> =>
  Array.from({ length: horizon }, (_, index) => at(index + 1))

const quick = (forecast: Candidate["forecast"]): Candidate => ({
  forecast,
  isSlow: false
})

const naive = quick((history, horizon) => {
  const last = history.at(-1) ?? 0
  return steps(horizon, () => last)
})

/** Values further back say nothing of the level today. */
const RECENT = 28

const median = quick((history, horizon) => {
  const sorted = history.slice(-RECENT).sort()
  const middle = (sorted.length - 1) / 2
  const level =
    ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
  return steps(horizon, () => level)
})

const seasonalNaive = (season: number) =>
  quick((history, horizon) => {
    const cycle = history.subarray(-season)
    return cycle.length < season
      ? undefined
      : steps(horizon, (step) => cycle[(step - 1) % season] ?? 0)
  })

/** More says little of what comes next, and takes long. */
const MOST_FITTED = 1000

/** How many values before a forecast the slower candidates look at. */
export const fittedOf = (seasons: ReadonlyArray<number>): number =>
  Math.max(MOST_FITTED, 3 * (seasons.at(-1) ?? 1))

const decomposed = (seasons: ReadonlyArray<number>): Candidate => ({
  forecast: (history, horizon) =>
    history.length < 2 * (seasons.at(-1) ?? 1)
      ? undefined
      : mstl(history.subarray(-fittedOf(seasons)), seasons, horizon),
  isSlow: true
})

/** Growth in proportion: the logarithm is decomposed. */
const onLogarithm = ({ forecast, isSlow }: Candidate): Candidate => ({
  forecast: (history, horizon) => {
    const grown = forecast(history.map(Math.log), horizon)?.map(Math.exp)
    return grown?.every((value) => Number.isFinite(value) && value > 0)
      ? grown
      : undefined
  },
  isSlow
})

/** What is tried on a series, from the simplest to the most complex. */
export const candidatesFor = (
  seasons: ReadonlyArray<number>,
  isPositive: boolean
): Candidates => {
  const [shortest] = seasons
  const candidates = new Map<ForecastModel, Candidate>([["naive", naive]])
  if (shortest !== undefined) candidates.set("seasonal_naive", seasonalNaive(shortest))
  candidates.set("median", median)
  candidates.set(
    "smoothing",
    quick((history, horizon) =>
      smoothing(history.subarray(-fittedOf(seasons)), seasons, horizon)
    )
  )
  if (shortest === undefined) return candidates
  candidates.set("mstl", decomposed(seasons))
  if (isPositive) candidates.set("mstl_log", onLogarithm(decomposed(seasons)))
  return candidates
}
