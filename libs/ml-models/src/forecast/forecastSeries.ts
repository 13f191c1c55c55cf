import { backtest } from "./backtest.ts"
import { candidatesFor } from "./candidates.ts"
import { blended, type Choice, choiceOf, errorsOf } from "./chosenModel.ts"
import type {
  Forecasted,
  ForecastModel,
  ForecastRefused,
  ForecastRequest
} from "./Forecast.ts"
import { intervalsOf } from "./intervals.ts"
import { knownOf, seasonsOf } from "./Series.ts"

/** Fewer known values make no forecast. */
const LEAST_VALUES = 3
/** Changes of the last so many values say how large changes are now. */
const RECENT = 60

/**
 * The next values, by what did best on the past of this series. The same request
 * gives the same answer; values × c give the forecast × c.
 */
export const forecast = (request: ForecastRequest): Forecasted | ForecastRefused => {
  const known = knownOf(request.values)
  if (known.count < LEAST_VALUES)
    return {
      refused: "too_few_values",
      detail: `A forecast needs at least ${LEAST_VALUES} values, and there are ${known.count}.`
    }
  // Optimisers stop at absolute tolerances: without a common size they would not scale.
  const size = known.values.reduce((sum, value) => sum + Math.abs(value), 0)
  const unit = size === 0 ? 1 : size / known.values.length
  const values = known.values.map((value) => value / unit)
  const seasons = seasonsOf(values.length, request.interval, request.seasonLengths)
  const isPositive = values.every((value) => value > 0)
  const isNonNegative = values.every((value) => value >= 0)
  const candidates = candidatesFor(seasons, isPositive)
  const horizon = request.horizon + known.trailing
  const models = [...candidates.keys()]
  const tested = backtest({ ...known, values }, candidates, seasons, horizon)
  const changes = changesOf(values, known.isKnown)
  const usual = changes(values.length, values.length)
  const { choice, point } = made(choiceOf(tested.origins, models), (name) =>
    candidates.get(name)?.forecast(values, horizon)
  )
  const intervals = intervalsOf(
    tested,
    choice,
    models,
    (count) => changes(count, RECENT) || usual || 1,
    values.length
  )
  const bounded = (value: number) =>
    Math.min(
      Number.MAX_VALUE,
      Math.max(isNonNegative ? 0 : -Number.MAX_VALUE, value * unit)
    )
  const later = point.slice(known.trailing)
  return {
    model: choice.model,
    weights: weightsOf(choice),
    seasonLengths: usedBy(choice, seasons),
    point: later.map(bounded),
    intervals: request.levels.map((level) => {
      const bounds = later.map((value, index) =>
        intervals.around(index + known.trailing, level, value)
      )
      return {
        level,
        lower: bounds.map(({ lower }) => bounded(lower)),
        upper: bounds.map(({ upper }) => bounded(upper)),
        coverage: intervals.coverage(level)
      }
    }),
    backtest: {
      origins: tested.origins.length,
      horizon: tested.horizon,
      candidates: [...errorsOf(tested.origins, models)].map(([name, error]) => ({
        model: name,
        error: usual === 0 ? 0 : error / usual
      }))
    }
  }
}

const weightsOf = ({ model, simple, weight }: Choice): Forecasted["weights"] =>
  model === simple
    ? [{ model, weight: 1 }]
    : [
        { model, weight },
        { model: simple, weight: 1 - weight }
      ]

const usedBy = ({ model, simple }: Choice, seasons: ReadonlyArray<number>) => {
  if (model === "smoothing" || model.startsWith("mstl")) return seasons
  return simple === "seasonal_naive" ? seasons.slice(0, 1) : []
}

/** What did well on the past may not fit all of it; repeating the last value always does. */
const made = (
  choice: Choice,
  ask: (model: ForecastModel) => ReadonlyArray<number> | undefined
): { readonly choice: Choice; readonly point: ReadonlyArray<number> } => {
  const { simple } = choice
  for (const each of [choice, { model: simple, simple, weight: 1 }]) {
    const point = blended(each, ask)
    if (point) return { choice: each, point }
  }
  return {
    choice: { model: "naive", simple: "naive", weight: 1 },
    point: ask("naive") ?? []
  }
}

/**
 * Mean absolute change from one known value to the next, of the last `window` such changes among
 * the first `count` values. What is filled in changes little, and says nothing.
 */
const changesOf = (values: Float64Array, isKnown: ReadonlyArray<boolean>) => {
  const sums = [0]
  const upTo = new Uint32Array(values.length + 1)
  let before: number | undefined
  values.forEach((value, index) => {
    if (isKnown[index]) {
      if (before !== undefined) sums.push((sums.at(-1) ?? 0) + Math.abs(value - before))
      before = value
    }
    upTo[index + 1] = sums.length - 1
  })
  return (count: number, window: number): number => {
    const last = upTo[count] ?? 0
    const first = Math.max(0, last - window)
    return last === first
      ? 0
      : ((sums[last] ?? 0) - (sums[first] ?? 0)) / (last - first)
  }
}
