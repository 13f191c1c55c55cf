import { Effect } from "effect"
import { QueryInvalid } from "../QueryInvalid.ts"
import { type Interval, timeBuckets } from "../TimeBuckets.ts"
import { MAX_CELLS, type Period, type TrendsPlan } from "./TrendsPlan.ts"
import type { TrendsRequest } from "./TrendsRequest.ts"
import type { TrendsResult } from "./TrendsResult.ts"

/** Lines of an answer that are forecast or judged, at most. */
export const MOST_OUTLOOK_LINES = 26

/** What an answer is to say beyond what was counted, and of which of its buckets. */
export interface Outlook {
  readonly interval: Interval
  /** The buckets that lie whole in the range and before the watermark: `[first, end)`. */
  readonly first: number
  readonly end: number
  readonly forecast:
    | {
        readonly horizon: number
        readonly level: number
        /** From the first bucket on that is not whole. */
        readonly buckets: ReadonlyArray<string>
        readonly labels: ReadonlyArray<string>
      }
    | undefined
  readonly anomalies: { readonly sensitivity: number } | undefined
}

/** Chance of a forecast interval to hold the value. */
const USUAL_LEVEL = 0.9
/** Share of ordinary values that may be flagged. */
const USUAL_SENSITIVITY = 0.01

const DAY = 86_400_000
/** No unit of the calendar is longer; a day may have 25 hours. */
const longest: Readonly<Record<Interval, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 1.05 * DAY,
  week: 7.05 * DAY,
  month: 31.05 * DAY,
  quarter: 92.05 * DAY,
  year: 366.05 * DAY
}

/** undefined: nothing of the kind is asked for. */
export const planOutlook = Effect.fnUntraced(function* (
  request: TrendsRequest,
  plan: TrendsPlan,
  watermark: number
): Effect.fn.Return<Outlook | undefined, QueryInvalid> {
  const { anomalies, forecast, interval } = request
  if (forecast === undefined && anomalies === undefined) return undefined
  if (interval === "none")
    return yield* QueryInvalid.at(
      forecast ? "/forecast" : "/anomalies",
      "One bucket has no past: ask for an interval"
    )
  const whole = wholeBuckets(plan.main, watermark)
  return {
    interval,
    ...whole,
    forecast: forecast && {
      horizon: forecast.horizon,
      level: forecast.level ?? USUAL_LEVEL,
      ...bucketsAfter(request, plan, interval, whole.end, forecast.horizon)
    },
    anomalies: anomalies && {
      sensitivity: anomalies.sensitivity ?? USUAL_SENSITIVITY
    }
  }
})

/** A bucket that the range cuts, or that is not over yet, counts less than it will. */
const wholeBuckets = ({ buckets, from, to }: Period, watermark: number) => {
  const { end, starts } = buckets
  const first = (starts[0] ?? from) < from ? 1 : 0
  const endOf = (index: number) => starts[index + 1] ?? end
  const over = starts.findIndex((_, index) => endOf(index) > Math.min(to, watermark))
  return { first, end: Math.max(first, over < 0 ? starts.length : over) }
}

const bucketsAfter = (
  request: TrendsRequest,
  { main, zone }: TrendsPlan,
  interval: Interval,
  end: number,
  horizon: number
) => {
  const from = main.buckets.starts[end] ?? main.buckets.end
  const found = timeBuckets({
    zone,
    interval,
    weekStart: request.weekStart ?? "monday",
    from,
    to: from + (horizon + 2) * longest[interval],
    limit: 2 * horizon + 10
  })
  return {
    buckets: (found?.starts ?? [])
      .slice(0, horizon)
      .map((start) => new Date(start).toISOString()),
    labels: (found?.labels ?? []).slice(0, horizon)
  }
}

/** Faults that only the answer tells: how many lines it has. */
export const checkOutlook = (
  { forecast }: Outlook,
  { series }: TrendsResult
): QueryInvalid | undefined => {
  if (series.length > MOST_OUTLOOK_LINES)
    return QueryInvalid.at(
      forecast ? "/forecast" : "/anomalies",
      `At most ${MOST_OUTLOOK_LINES} lines, and the answer has ${series.length}: ask for a smaller breakdownLimit or fewer series`
    )
  return forecast && forecast.horizon * series.length > MAX_CELLS
    ? QueryInvalid.at(
        "/forecast/horizon",
        `At most ${MAX_CELLS} buckets × lines: ask for a shorter horizon or fewer lines`
      )
    : undefined
}
