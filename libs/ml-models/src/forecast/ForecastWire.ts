import { Instant, TimeZoneName } from "@analytics/analytics-core/query/Common"
import { Schema } from "effect"
import { forecastModels } from "./Forecast.ts"

/** Values of one series, at most. */
export const MOST_VALUES = 20_000
export const MOST_STEPS = 1000

const Value = Schema.Finite.check(Schema.isBetween({ minimum: -1e15, maximum: 1e15 }))
const Numbers = Schema.Array(Schema.Finite)
const NumbersOrNull = Schema.Array(Schema.NullOr(Schema.Finite))

const seriesFields = {
  values: Schema.Array(Schema.NullOr(Value))
    .check(Schema.isMinLength(1), Schema.isMaxLength(MOST_VALUES))
    .annotate({ description: "In the order of time; null: missing" }),
  interval: Schema.Literals([
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "custom"
  ]).annotate({
    description:
      "From one value to the next, on the calendar of `timezone`; `custom` has neither instants nor usual seasons"
  }),
  timezone: Schema.optionalKey(TimeZoneName).annotate({
    description: "In which days and longer units begin (UTC)"
  }),
  start: Schema.optionalKey(Instant).annotate({
    description: "Of the first value; the others follow without a gap"
  }),
  timestamps: Schema.optionalKey(
    Schema.Array(Instant).check(Schema.isMaxLength(MOST_VALUES))
  ).annotate({
    description:
      "Instead of `start`: of each value, ascending, whole intervals apart; what is skipped is missing"
  }),
  seasonLengths: Schema.optionalKey(
    Schema.Array(
      Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 2000 }))
    ).check(Schema.isMaxLength(3))
  ).annotate({ description: "In values; without it those usual for the interval" })
}

type TimeFields = {
  readonly values: ReadonlyArray<number | null>
  readonly interval: string
  readonly start?: string
  readonly timestamps?: ReadonlyArray<string>
}

const timesFit = Schema.makeFilter(
  ({ interval, start, timestamps, values }: TimeFields) => {
    if (start !== undefined && timestamps !== undefined)
      return { path: ["timestamps"], issue: "Either start or timestamps, not both" }
    if (timestamps !== undefined && timestamps.length !== values.length)
      return {
        path: ["timestamps"],
        issue: `Expected one for each of the ${values.length} values`
      }
    return interval === "custom" && (start !== undefined || timestamps !== undefined)
      ? {
          path: ["interval"],
          issue: "A custom interval has no instants: leave out start and timestamps"
        }
      : undefined
  }
)

export const ForecastBody = Schema.Struct({
  ...seriesFields,
  horizon: Schema.Int.check(
    Schema.isBetween({ minimum: 1, maximum: MOST_STEPS })
  ).annotate({ description: "How many values after the last one" }),
  levels: Schema.optionalKey(
    Schema.Array(
      Schema.Finite.check(Schema.isBetween({ minimum: 0.5, maximum: 0.99 }))
    ).check(Schema.isMinLength(1), Schema.isMaxLength(5))
  ).annotate({ description: "Chances of the intervals to hold the value ([0.9])" })
})
  .annotate({
    examples: [
      {
        values: [120, 132, 101, 134, 90, 60, 55, 125, 131, 108, 139, 94, 58, 57],
        interval: "day",
        timezone: "Europe/Berlin",
        start: "2025-03-02T23:00:00Z",
        horizon: 7,
        levels: [0.8, 0.95]
      }
    ]
  })
  .check(timesFit)
export type ForecastBody = typeof ForecastBody.Type

const Interval = Schema.Struct({
  level: Schema.Finite,
  lower: Numbers,
  upper: Numbers,
  coverage: Schema.NullOr(Schema.Finite).annotate({
    description:
      "Share of later values inside such intervals, made from earlier values alone; null: too few values to say"
  })
})

const Refused = Schema.Struct({ reason: Schema.String, detail: Schema.String })

export const ForecastAnswer = Schema.Struct({
  forecast: Schema.NullOr(
    Schema.Struct({
      model: Schema.Literals(forecastModels).annotate({
        description: "The best on the past of the series"
      }),
      weights: Schema.Array(
        Schema.Struct({
          model: Schema.Literals(forecastModels),
          weight: Schema.Finite
        })
      ).annotate({
        description:
          "Of `point`, a weighted mean: the best beside the better of naive and seasonal_naive, by their errors on the past; they sum to 1"
      }),
      seasonLengths: Schema.Array(Schema.Int),
      point: Numbers,
      intervals: Schema.Array(Interval),
      backtest: Schema.Struct({
        origins: Schema.Int,
        horizon: Schema.Int,
        candidates: Schema.Array(
          Schema.Struct({
            model: Schema.Literals(forecastModels),
            error: Schema.Finite.annotate({
              description:
                "Mean absolute error over the mean change from one value to the next"
            })
          })
        )
      })
    })
  ),
  refused: Schema.NullOr(Refused).annotate({ description: "Why there is no forecast" }),
  timestamps: Schema.NullOr(Schema.Array(Schema.String)).annotate({
    description: "Of the forecast values; null without start and timestamps"
  })
})
export type ForecastAnswer = typeof ForecastAnswer.Type

export const Sensitivity = Schema.Finite.check(
  Schema.isBetween({ minimum: 0.0001, maximum: 0.2 })
).annotate({
  description: "Share of ordinary values that may be flagged (0.01): higher flags more"
})

export const AnomaliesBody = Schema.Struct({
  ...seriesFields,
  sensitivity: Schema.optionalKey(Sensitivity),
  minimumChange: Schema.optionalKey(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1e15 }))
  ).annotate({
    description:
      "Smaller differences are no anomalies, in the unit of the values (5 where all are whole and none is negative, else 0)"
  })
})
  .annotate({
    examples: [
      {
        values: [120, 132, 101, 134, 118, 125, 109, 131, 128, 122, 117, 126, 119, 410],
        interval: "hour",
        start: "2025-03-02T00:00:00Z",
        sensitivity: 0.01
      }
    ]
  })
  .check(timesFit)
export type AnomaliesBody = typeof AnomaliesBody.Type

export const AnomaliesAnswer = Schema.Struct({
  /** Per value; null: nothing could be expected yet. */
  expected: NumbersOrNull,
  lower: NumbersOrNull,
  upper: NumbersOrNull,
  /** Distance from what was expected, 1 at the bound. */
  score: NumbersOrNull,
  anomalies: Schema.Array(
    Schema.Struct({
      index: Schema.Int,
      timestamp: Schema.NullOr(Schema.String),
      kind: Schema.Literals(["high", "low", "missing"]),
      value: Schema.NullOr(Schema.Finite),
      score: Schema.NullOr(Schema.Finite)
    })
  ),
  changePoints: Schema.Array(
    Schema.Struct({
      index: Schema.Int,
      timestamp: Schema.NullOr(Schema.String),
      before: Schema.Finite,
      after: Schema.Finite
    })
  ),
  seasonLengths: Schema.Array(Schema.Int)
})
export type AnomaliesAnswer = typeof AnomaliesAnswer.Type
