import type { Origin } from "./backtest.ts"
import type { ForecastModel } from "./Forecast.ts"

const known = new WeakMap<Origin, Map<ForecastModel, number | undefined>>()

/** The same is asked for by each comparison and, for the coverage, by each origin. */
const errorAt = (origin: Origin, model: ForecastModel): number | undefined => {
  const errors = known.get(origin) ?? new Map<ForecastModel, number | undefined>()
  known.set(origin, errors)
  if (!errors.has(model)) errors.set(model, meanErrorAt(origin, model))
  return errors.get(model)
}

/** Mean absolute error of one model at one origin; undefined: nothing to compare. */
const meanErrorAt = (
  { actual, forecasts }: Origin,
  model: ForecastModel
): number | undefined => {
  const forecast = forecasts.get(model)
  if (forecast === undefined) return undefined
  let sum = 0
  let count = 0
  actual.forEach((value, step) => {
    if (value === null) return
    sum += Math.abs(value - (forecast[step] ?? 0))
    count++
  })
  return count === 0 ? undefined : sum / count
}

const meanOf = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

const medianOf = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}

/** A model has shown nothing by fewer forecasts. */
const LEAST_COMPARED = 3
/** A more complex one must be better by this share: a smaller lead is mostly luck. */
const MARGIN = 0.1
/** With so many forecasts that do not overlap it must be better by twice as much. */
const LUCK = 4

/** Of two models where both forecast. */
const compared = (
  origins: ReadonlyArray<Origin>,
  one: ForecastModel,
  other: ForecastModel
) => {
  const pairs = origins.flatMap((origin) => {
    const first = errorAt(origin, one)
    const second = errorAt(origin, other)
    const { actual, known } = origin
    return first === undefined || second === undefined
      ? []
      : [{ first, second, known, steps: actual.length }]
  })
  if (pairs.length < LEAST_COMPARED) return undefined
  const [oldest] = pairs
  const newest = pairs.at(-1)
  if (oldest === undefined || newest === undefined) return undefined
  const share = (
    of: typeof pairs,
    middle: (values: ReadonlyArray<number>) => number
  ): number =>
    middle(of.map(({ second }) => second)) / middle(of.map(({ first }) => first))
  return {
    // Forecasts of the same values are no evidence of their own.
    separate: 1 + (newest.known - oldest.known) / newest.steps,
    share: share(pairs, meanOf),
    // One value far off is in few of them, and says nothing of the others.
    newest: share(pairs.slice(-Math.ceil(pairs.length / 3)), medianOf),
    wins: meanOf(pairs.map(({ first, second }) => (1 + Math.sign(first - second)) / 2))
  }
}

/**
 * The best, the simpler one of nearly equals: better on the whole, more often than not, and
 * still in the newest third. `models` from simple to complex.
 */
export const chosenModel = (
  origins: ReadonlyArray<Origin>,
  models: ReadonlyArray<ForecastModel>
): ForecastModel =>
  models.reduce((chosen, model) => {
    if (model === chosen) return chosen
    const found = compared(origins, chosen, model)
    if (found === undefined) return chosen
    const most = 1 - MARGIN * (1 + LUCK / found.separate)
    return found.wins > 0.5 && Math.max(found.share, found.newest) < most
      ? model
      : chosen
  }, "naive" as ForecastModel)

/** Mean absolute error of each model over the origins at which it forecast. */
export const errorsOf = (
  origins: ReadonlyArray<Origin>,
  models: ReadonlyArray<ForecastModel>
): ReadonlyMap<ForecastModel, number> =>
  new Map(
    models.flatMap((model) => {
      const errors = origins.flatMap((origin) => errorAt(origin, model) ?? [])
      return errors.length === 0 ? [] : [[model, meanOf(errors)] as const]
    })
  )
