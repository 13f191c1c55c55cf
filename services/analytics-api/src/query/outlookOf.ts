import {
  checkOutlook,
  type Outlook
} from "@analytics/analytics-core/query/trends/Outlook"
import {
  type TrendsAnomalies,
  type TrendsForecast,
  TrendsResult,
  type TrendsSeries
} from "@analytics/analytics-core/query/trends/TrendsResult"
import type { AnomaliesAnswer } from "@analytics/ml-models/forecast/ForecastWire"
import { Effect, Schema } from "effect"
import { OutlookClient } from "./OutlookClient.ts"

/** Lines that are asked about at once; ml-inference works on one. */
const AT_ONCE = 4
/** Of all lines of an answer; the trend itself must not wait longer for it. */
const LONGEST = "20 seconds"

const isTrends = Schema.is(TrendsResult)

const lineOf = ({ breakdown, name, other }: TrendsSeries) => ({
  name,
  breakdown,
  other
})

type ForecastLine = TrendsForecast["series"][number]
type AnomaliesLine = TrendsAnomalies["series"][number]

/** What is to be said of a trend beyond what was counted. */
interface Said {
  readonly result: unknown
  readonly warnings: ReadonlyArray<string>
}

/**
 * Adds `forecast` and `anomalies` to an answer. Without ml-inference the answer stays as
 * it is, and says so.
 */
export const outlookOf = Effect.fn("outlookOf")(function* (
  projectId: number,
  outlook: Outlook | undefined,
  result: unknown
) {
  if (outlook === undefined || !isTrends(result))
    return { result, warnings: [] } satisfies Said
  const fault = checkOutlook(outlook, result)
  if (fault) return yield* fault
  const said = Effect.gen(function* () {
    const forecast = yield* forecastOf(projectId, outlook, result)
    const anomalies = yield* anomaliesOf(projectId, outlook, result)
    const isShort = forecast?.series.some(({ coverage }) => coverage === null) ?? false
    return {
      result: {
        ...result,
        ...(forecast ? { forecast } : {}),
        ...(anomalies ? { anomalies } : {})
      },
      warnings: isShort ? ["forecast_history_short"] : []
    } satisfies Said
  })
  return yield* said.pipe(
    Effect.timeout(LONGEST),
    Effect.catchTags({
      OutlookUnavailable: (error) => without(result, error),
      TimeoutError: (error) => without(result, error)
    })
  )
})

const without = (result: TrendsResult, cause: unknown) =>
  Effect.as(Effect.logWarning("ml-inference does not forecast", cause), {
    result,
    warnings: ["forecast_unavailable"]
  } satisfies Said)

const wholeOf = ({ end, first }: Outlook, { data }: TrendsSeries) =>
  data.slice(first, end)

const forecastOf = Effect.fnUntraced(function* (
  projectId: number,
  outlook: Outlook,
  { series }: TrendsResult
) {
  const { forecast: asked, interval } = outlook
  if (asked === undefined) return undefined
  const client = yield* OutlookClient
  const { buckets, horizon, labels, level } = asked
  const lines = yield* Effect.forEach(
    series,
    (line) => {
      const values = wholeOf(outlook, line)
      if (values.length === 0)
        return Effect.succeed(refused(line, "No bucket of the range is whole."))
      return Effect.map(
        client.forecast(projectId, { values, interval, horizon, levels: [level] }),
        ({ forecast, refused: reason }): ForecastLine =>
          forecast === null
            ? refused(line, reason?.detail ?? "There is no forecast.")
            : {
                ...lineOf(line),
                data: forecast.point,
                lower: forecast.intervals[0]?.lower ?? [],
                upper: forecast.intervals[0]?.upper ?? [],
                model: forecast.model,
                coverage: forecast.intervals[0]?.coverage ?? null,
                refused: null
              }
      )
    },
    { concurrency: AT_ONCE }
  )
  return { buckets, labels, level, series: lines } satisfies TrendsForecast
})

const refused = (line: TrendsSeries, reason: string): ForecastLine => ({
  ...lineOf(line),
  data: [],
  lower: [],
  upper: [],
  model: null,
  coverage: null,
  refused: reason
})

const anomaliesOf = Effect.fnUntraced(function* (
  projectId: number,
  outlook: Outlook,
  result: TrendsResult
) {
  const { anomalies: asked, interval } = outlook
  if (asked === undefined) return undefined
  const client = yield* OutlookClient
  const lines = yield* Effect.forEach(
    result.series,
    (line) => {
      const values = wholeOf(outlook, line)
      const { sensitivity } = asked
      return values.length === 0
        ? Effect.succeed(judged(outlook, result, line, undefined))
        : Effect.map(
            client.anomalies(projectId, { values, interval, sensitivity }),
            (answer) => judged(outlook, result, line, answer)
          )
    },
    { concurrency: AT_ONCE }
  )
  return { sensitivity: asked.sensitivity, series: lines } satisfies TrendsAnomalies
})

/** The judgement of the whole buckets, laid over all of them. */
const judged = (
  { first }: Outlook,
  { buckets, labels }: TrendsResult,
  line: TrendsSeries,
  answer: AnomaliesAnswer | undefined
): AnomaliesLine => {
  const over = (numbers: ReadonlyArray<number | null> | undefined) =>
    buckets.map((_, index) => numbers?.[index - first] ?? null)
  const at = (index: number) => ({
    bucket: buckets[first + index] ?? "",
    label: labels[first + index] ?? ""
  })
  return {
    ...lineOf(line),
    expected: over(answer?.expected),
    lower: over(answer?.lower),
    upper: over(answer?.upper),
    points: (answer?.anomalies ?? []).map(({ index, kind, score, value }) => ({
      ...at(index),
      kind,
      value,
      score
    })),
    changePoints: (answer?.changePoints ?? []).map(({ after, before, index }) => ({
      ...at(index),
      before,
      after
    }))
  }
}
