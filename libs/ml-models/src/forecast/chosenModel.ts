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
/** Seasonal naive must be better by this share: where it is not, it is the worse guess. */
const MARGIN = 0.1
/** With so many forecasts that do not overlap it must be better by twice as much. */
const LUCK = 4
/** With so many forecasts that do not overlap the weight counts for half of what it is. */
const DOUBT = 2
/** Closer errors are equal: what differs is rounding, and depends on the unit. */
const EQUAL = 1e-9

/** Of 1, 0 and ½ for the second, the first and neither. */
const winOf = (first: number, second: number): number =>
  Math.abs(first - second) <= EQUAL * (first + second) ? 0.5 : first > second ? 1 : 0

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
    wins: meanOf(pairs.map(({ first, second }) => winOf(first, second)))
  }
}

const isBetter = (
  origins: ReadonlyArray<Origin>,
  than: ForecastModel,
  model: ForecastModel,
  margin: number
): boolean => {
  const found = compared(origins, than, model)
  return (
    found !== undefined &&
    found.wins > 0.5 &&
    Math.max(found.share, found.newest) <
      1 - Math.max(EQUAL, margin * (1 + LUCK / found.separate))
  )
}

/** A forecast is `weight` of the model and the rest of the simple one. */
export interface Choice {
  readonly model: ForecastModel
  readonly simple: "naive" | "seasonal_naive"
  /** Of the model, 0 to 1; 1 where it is the simple one itself. */
  readonly weight: number
}

/**
 * The better of the two that repeat; and if another one is better on the whole, more often than
 * not and still in the newest third, the best of these beside it, by the inverse of their squared
 * errors: what misleads the one misleads the mean of both less.
 */
export const choiceOf = (
  origins: ReadonlyArray<Origin>,
  models: ReadonlyArray<ForecastModel>
): Choice => {
  const simple =
    models.includes("seasonal_naive") &&
    isBetter(origins, "naive", "seasonal_naive", MARGIN)
      ? "seasonal_naive"
      : "naive"
  const model = models
    .filter((each) => each !== "naive" && each !== "seasonal_naive")
    .reduce<ForecastModel>(
      (best, each) => (isBetter(origins, best, each, 0) ? each : best),
      simple
    )
  const lead = model === simple ? undefined : compared(origins, simple, model)
  if (lead === undefined) return { model: simple, simple, weight: 1 }
  const { separate, share } = lead
  const evidence = separate / (separate + DOUBT)
  return { model, simple, weight: evidence / (evidence + share * share) }
}

/** undefined: the chosen model, or the simple one, says nothing. */
export const blended = (
  { model, simple, weight }: Choice,
  forecastOf: (model: ForecastModel) => ReadonlyArray<number> | undefined
): ReadonlyArray<number> | undefined => {
  const own = forecastOf(model)
  if (model === simple) return own
  const other = forecastOf(simple)
  return (
    other &&
    own?.map((value, step) => {
      const repeated = other[step] ?? value
      return repeated + weight * (value - repeated)
    })
  )
}

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
