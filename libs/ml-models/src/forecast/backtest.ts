import { type Candidates, fittedOf } from "./candidates.ts"
import type { ForecastModel } from "./Forecast.ts"
import type { Known } from "./Series.ts"

/** What was forecast at one moment of the past, and what came. */
export interface Origin {
  /** How many values were known. */
  readonly known: number
  /** By candidate, per step. The slower ones forecast at some origins only. */
  readonly forecasts: ReadonlyMap<ForecastModel, ReadonlyArray<number>>
  /** Per step; null: missing. */
  readonly actual: ReadonlyArray<number | null>
}

export interface Backtest {
  /** Oldest first. */
  readonly origins: ReadonlyArray<Origin>
  readonly horizon: number
}

/** More tell hardly more. */
const MOST_ORIGINS = 96
/** Values forecast by one candidate, so that long horizons end as soon. */
const MOST_FORECAST = 10_000
const LEAST_ORIGINS = 16
/** Every so manieth is for the slower candidates too. */
const SLOW_EVERY = 4
const LEAST_SLOW = 8
/** Values that slower candidates look at in one backtest; about a second of one core. */
const MOST_DECOMPOSED = 24_000
/** Fewer say nothing about the next one. */
const LEAST_KNOWN = 4

/**
 * Forecasts again and again from earlier moments (rolling origin), each time with what was
 * known then. With too few values for `horizon` steps, as many as a third of them allow.
 */
export const backtest = (
  { isKnown, values }: Pick<Known, "isKnown" | "values">,
  candidates: Candidates,
  seasons: ReadonlyArray<number>,
  horizon: number
): Backtest => {
  const room = values.length - Math.max(LEAST_KNOWN, 2 * (seasons.at(-1) ?? 1))
  const steps = Math.min(horizon, Math.max(1, Math.floor(room / 3)))
  const possible = room - steps + 1
  if (possible < 1) return { origins: [], horizon: 0 }
  const most = Math.max(LEAST_ORIGINS, Math.floor(MOST_FORECAST / steps))
  const count = Math.min(possible, MOST_ORIGINS, most)
  const stride = strideOf(possible, count, steps)
  const work = Math.min(values.length, fittedOf(seasons))
  const slow = Math.max(LEAST_SLOW, Math.floor(MOST_DECOMPOSED / work))
  const every = Math.max(Math.min(SLOW_EVERY, count / LEAST_SLOW), count / slow)
  const isSlowTurn = (age: number) =>
    Math.floor(age / every) !== Math.floor((age - 1) / every)
  const origins = Array.from({ length: count }, (_, index): Origin => {
    const age = count - 1 - index
    const known = values.length - steps - age * stride
    const history = values.subarray(0, known)
    const forecasts = new Map<ForecastModel, ReadonlyArray<number>>()
    for (const [model, candidate] of candidates) {
      const forecast =
        candidate.isSlow && !isSlowTurn(age)
          ? undefined
          : candidate.forecast(history, steps)
      if (forecast) forecasts.set(model, forecast)
    }
    return {
      known,
      forecasts,
      actual: Array.from({ length: steps }, (_, step) =>
        isKnown[known + step] ? (values[known + step] ?? null) : null
      )
    }
  })
  return { origins, horizon: steps }
}

/** As far apart as there is room, but no further than forecasts that do not overlap. */
const strideOf = (possible: number, count: number, steps: number): number =>
  count < 2 ? 1 : Math.max(1, Math.min(Math.floor((possible - 1) / (count - 1)), steps))
