import { instantOf, timeZone } from "@analytics/analytics-core/query/TimeZone"
import { metricOf } from "@analytics/reports/blocks/blockOf"
import type { Metric } from "@analytics/reports/Chart"
import { Effect } from "effect"
import { Analytics } from "../analytics/Analytics.ts"
import type { AnalyticsProblem } from "../analytics/AnalyticsProblems.ts"
import type { Answer, InsightChart } from "../analytics/AnalyticsViews.ts"
import type { Section } from "../definitions/ReportDefinition.ts"
import { askPatiently } from "./askPatiently.ts"
import { type Frame, sectionQuery, sparkInterval, zoneOf } from "./sectionQuery.ts"

type Wanted = Extract<Section, { readonly type: "metrics" }>["metrics"][number]
type Body = Readonly<Record<string, unknown>>

const PREVIOUS = "previous period"

/**
 * The period that ends where this one begins, as long on the wall clock: days and weeks stay
 * whole when clocks change.
 */
export const before = (body: Body, usualZone: string): Body | undefined => {
  const from = Date.parse(String(body["from"]))
  const to = Date.parse(String(body["to"]))
  const zone = timeZone(String(body["timezone"] ?? usualZone))
  if (!Number.isFinite(from) || !Number.isFinite(to) || zone === undefined)
    return undefined
  const wall = (at: number) => at + zone.offsetAt(at)
  const start = instantOf(zone, 2 * wall(from) - wall(to))
  return {
    ...body,
    from: new Date(Math.min(start, from - 1)).toISOString(),
    to: new Date(from).toISOString()
  }
}

const bodyOf = Effect.fnUntraced(function* (wanted: Wanted, frame: Frame) {
  if (wanted.insight === undefined)
    return { body: sectionQuery(wanted.query ?? {}, frame), chart: undefined }
  const analytics = yield* Analytics
  const { chart, query } = yield* askPatiently(
    analytics.insight(frame.projectId, wanted.insight)
  )
  const { from: _, range, to: __, ...rest } = query
  // A report that says its range means that of its numbers, too.
  return { body: sectionQuery(frame.isRanged ? rest : query, frame), chart, range }
})

/** A trend as one number of the whole range, with how it came there. */
const trendMetric = Effect.fnUntraced(function* (
  wanted: Wanted,
  body: Body,
  frame: Frame,
  metric: (body: Body, answer: Answer) => Metric | undefined
) {
  const analytics = yield* Analytics
  const ask = (asked: Body) =>
    askPatiently(analytics.query(frame.projectId, asked, { group: frame.group }))
  const { anomalies: _, forecast: __, compare: ___, ...plain } = body
  const whole: Body = {
    ...plain,
    interval: "none",
    ...(wanted.compare === false ? {} : { compare: "previous_period" })
  }
  const line: Body = {
    ...plain,
    interval:
      typeof body["interval"] === "string" && body["interval"] !== "none"
        ? body["interval"]
        : sparkInterval(String(body["from"]), String(body["to"]))
  }
  const [answer, spark] = yield* Effect.all([ask(whole), ask(line)], {
    concurrency: 2
  })
  const number = metric(whole, answer)
  const drawn = metric(line, spark)?.sparkline
  return number && { ...number, ...(drawn === undefined ? {} : { sparkline: drawn }) }
})

/** One number of a `metrics` section; undefined: its answer is none. */
export const metricSection = Effect.fn("metricSection")(function* (
  wanted: Wanted,
  frame: Frame
): Effect.fn.Return<Metric | undefined, AnalyticsProblem, Analytics> {
  const analytics = yield* Analytics
  const { body, chart } = yield* bodyOf(wanted, frame)
  const metric = (request: Body, { kind, meta, result }: Answer) => {
    const values = wanted.values ?? chart?.values
    const better = wanted.better ?? chart?.better
    return metricOf({
      title: wanted.title,
      request,
      answer: { kind, result, asOf: meta.asOf },
      timezone: zoneOf(request, frame),
      shown: shownOf(values, better)
    })
  }
  if (body["kind"] === "trends") return yield* trendMetric(wanted, body, frame, metric)
  const ask = (asked: Body) =>
    askPatiently(analytics.query(frame.projectId, asked, { group: frame.group }))
  const earlier = wanted.compare === false ? undefined : before(body, frame.timezone)
  const [now, then] = yield* Effect.all(
    [ask(body), earlier === undefined ? Effect.undefined : ask(earlier)],
    { concurrency: 2 }
  )
  const number = metric(body, now)
  const old = then && earlier ? metric(earlier, then) : undefined
  return (
    number && {
      ...number,
      ...(old === undefined ? {} : { compare: { value: old.value, label: PREVIOUS } })
    }
  )
})

const shownOf = (values: InsightChart["values"], better: InsightChart["better"]) => ({
  ...(values === undefined ? {} : { values }),
  ...(better === undefined ? {} : { better })
})
