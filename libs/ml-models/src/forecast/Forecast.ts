import type { SeriesInterval, Values } from "./Series.ts"

/** From the simplest to the most complex. */
export const forecastModels = [
  "naive",
  "seasonal_naive",
  "median",
  "smoothing",
  "mstl",
  "mstl_log"
] as const
export type ForecastModel = (typeof forecastModels)[number]

export interface ForecastRequest {
  readonly values: Values
  readonly interval: SeriesInterval
  /** How many values after the last given one, at least 1. */
  readonly horizon: number
  /** In values; without it those usual for the interval. */
  readonly seasonLengths?: ReadonlyArray<number>
  /** Of the intervals, each above 0 and below 1. */
  readonly levels: ReadonlyArray<number>
}

/** Where the value will be with the chance `level`. */
export interface PredictionInterval {
  readonly level: number
  readonly lower: ReadonlyArray<number>
  readonly upper: ReadonlyArray<number>
  /** Share of later values inside such intervals, made from earlier ones; null: too few. */
  readonly coverage: number | null
}

export interface CandidateError {
  readonly model: ForecastModel
  /** Mean absolute error over that of repeating the last value one step (MASE). */
  readonly error: number
}

export interface Forecasted {
  /** The best on the past. */
  readonly model: ForecastModel
  /** The forecast is the weighted mean of these; the weights sum to 1. */
  readonly weights: ReadonlyArray<{
    readonly model: ForecastModel
    readonly weight: number
  }>
  readonly seasonLengths: ReadonlyArray<number>
  readonly point: ReadonlyArray<number>
  readonly intervals: ReadonlyArray<PredictionInterval>
  readonly backtest: {
    /** From how many moments of the past it was forecast; 0: too few values. */
    readonly origins: number
    /** How many steps each time; intervals of later steps are widened from it. */
    readonly horizon: number
    readonly candidates: ReadonlyArray<CandidateError>
  }
}

/** Why there is no forecast. */
export interface ForecastRefused {
  readonly refused: "too_few_values"
  readonly detail: string
}
