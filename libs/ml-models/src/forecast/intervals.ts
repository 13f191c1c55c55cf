import type { Backtest, Origin } from "./backtest.ts"
import { blended, type Choice, choiceOf } from "./chosenModel.ts"
import type { ForecastModel } from "./Forecast.ts"
import { normalQuantile } from "./usualErrors.ts"

/** How errors are measured, so that those of different moments may be compared. */
interface Space {
  readonly error: (actual: number, forecast: number, scale: number) => number
  readonly around: (forecast: number, width: number, scale: number) => Bounds
}

interface Bounds {
  readonly lower: number
  readonly upper: number
}

const additive: Space = {
  error: (actual, forecast, scale) => Math.abs(actual - forecast) / scale,
  around: (forecast, width, scale) => ({
    lower: forecast - width * scale,
    upper: forecast + width * scale
  })
}

/** Errors of a model of growth are shares of the forecast. */
const proportional: Space = {
  error: (actual, forecast) => Math.abs(Math.log(actual / forecast)),
  around: (forecast, width) => ({
    lower: forecast * Math.exp(-width),
    upper: forecast * Math.exp(width)
  })
}

const spaceOf = (model: ForecastModel): Space =>
  model === "mstl_log" ? proportional : additive

/** Errors of one choice: of each origin, per step; null where nothing came. */
type Errors = ReadonlyArray<ReadonlyArray<number | null>>

const errorsIn = (
  origins: ReadonlyArray<Origin>,
  choice: Choice,
  scaleAt: (known: number) => number
): Errors => {
  const { error } = spaceOf(choice.model)
  return origins.flatMap(({ actual, forecasts, known }) => {
    const forecast = blended(choice, (model) => forecasts.get(model))
    const scale = scaleAt(known)
    if (forecast === undefined) return []
    return [
      actual.map((value, step) => {
        const expected = forecast[step]
        return value === null || expected === undefined
          ? null
          : error(value, expected, scale)
      })
    ]
  })
}

/** How much errors grow with the steps: the mean of each step, smoothed, never falling. */
const growthOf = (errors: Errors, horizon: number): ReadonlyArray<number> => {
  const means = Array.from({ length: horizon }, (_, step) => {
    const known = errors.flatMap((row) => row[step] ?? [])
    return known.length === 0
      ? 0
      : known.reduce((sum, each) => sum + each, 0) / known.length
  })
  const reach = Math.ceil(horizon / 6)
  let highest = 0
  const sums = [0]
  for (const mean of means) sums.push((sums.at(-1) ?? 0) + mean)
  return means.map((_, step) => {
    const from = Math.max(0, step - reach)
    const to = Math.min(horizon, step + reach + 1)
    highest = Math.max(highest, ((sums[to] ?? 0) - (sums[from] ?? 0)) / (to - from))
    return highest
  })
}

/** The quantile that holds `level` of one more error, given these (conformal). */
const conformal = (
  sorted: ReadonlyArray<number>,
  level: number,
  runs: number
): number => {
  const top = sorted.at(-1) ?? 0
  const rank = level * (1 + 1 / runs)
  if (rank >= 1) return top * (rank + 0.25)
  const position = rank * sorted.length - 1
  const below = Math.max(0, Math.floor(position))
  const from = sorted[below] ?? top
  const to = sorted[below + 1] ?? top
  return from + (to - from) * Math.max(0, position - below)
}

/** Half-width by step (from 0) and level, in the space of `model`. */
export type Widths = (step: number, level: number) => number

const widthsFrom = (errors: Errors, horizon: number): Widths => {
  const growth = growthOf(errors, horizon)
  const ratios = errors
    .flatMap((row) =>
      row.flatMap((each, step) => {
        const mean = growth[step] ?? 0
        return each === null ? [] : mean === 0 ? [0] : [each / mean]
      })
    )
    .sort((one, other) => one - other)
  const last = growth.at(-1) ?? 0
  return (step, level) =>
    conformal(ratios, level, errors.length) *
    (step < horizon ? (growth[step] ?? last) : last * Math.sqrt((step + 1) / horizon))
}

/** Without any past: as far as steps of the usual size may lead, were they independent. */
const guessed: Widths = (step, level) =>
  1.25 * normalQuantile((1 + level) / 2) * Math.sqrt(step + 1)

/** With fewer moments of the past there is no quantile to speak of. */
const LEAST_ORIGINS = 4
/** How often the intervals are tried on the past, at most. */
const MOST_TRIES = 48

export interface IntervalsOf {
  readonly around: (step: number, level: number, forecast: number) => Bounds
  readonly coverage: (level: number) => number | null
}

/**
 * Intervals of what was chosen from its errors in the backtest, and their coverage: at each
 * origin with what had come by then, the choice of the model included.
 * @param scaleAt the size of usual changes when so many values are known
 */
export const intervalsOf = (
  { horizon, origins }: Backtest,
  choice: Choice,
  models: ReadonlyArray<ForecastModel>,
  scaleAt: (known: number) => number,
  count: number
): IntervalsOf => {
  const widths =
    origins.length === 0
      ? guessed
      : widthsFrom(errorsIn(origins, choice, scaleAt), horizon)
  const { around } = spaceOf(choice.model)
  const scale = scaleAt(count)
  const every = Math.ceil(origins.length / MOST_TRIES)
  const tries = origins.flatMap((origin, index) => {
    if ((origins.length - 1 - index) % every !== 0) return []
    const past = origins.filter(({ known }) => known + horizon <= origin.known)
    if (past.length < LEAST_ORIGINS) return []
    const chosen = choiceOf(past, models)
    const forecast = blended(chosen, (model) => origin.forecasts.get(model)) ?? []
    return [
      {
        origin,
        forecast,
        space: spaceOf(chosen.model),
        scale: scaleAt(origin.known),
        widths: widthsFrom(errorsIn(past, chosen, scaleAt), horizon)
      }
    ]
  })
  return {
    around: (step, level, forecast) => around(forecast, widths(step, level), scale),
    coverage: (level) => {
      let inside = 0
      let all = 0
      for (const { forecast, origin, scale, space, widths } of tries)
        origin.actual.forEach((value, step) => {
          const expected = forecast[step]
          if (value === null || expected === undefined) return
          const { lower, upper } = space.around(expected, widths(step, level), scale)
          all++
          if (value >= lower && value <= upper) inside++
        })
      return all === 0 ? null : inside / all
    }
  }
}
