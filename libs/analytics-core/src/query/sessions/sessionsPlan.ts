import { Effect } from "effect"
import type { TimeRange } from "../Common.ts"
import type { QueryContext } from "../Compiled.ts"
import type { Filter } from "../Filter.ts"
import { SESSION_TIMEOUT } from "../sessionsSql.ts"
import { planTrends, type TrendsPlan } from "../trends/TrendsPlan.ts"
import type { SessionsRequest } from "./Sessions.ts"

export interface SessionsPlan {
  readonly range: TimeRange
  readonly timeoutMs: number
  readonly includeBots: boolean
  readonly filters: ReadonlyArray<Filter>
  /** Of entry and exit; absent: the page path. */
  readonly property: string | undefined
  /** The buckets and groups of `series`: trends of one series that counts sessions. */
  readonly series: TrendsPlan
}

export const planSessions = Effect.fnUntraced(function* (
  request: SessionsRequest,
  context: QueryContext
) {
  const timeoutMs =
    request.timeoutSeconds === undefined
      ? SESSION_TIMEOUT
      : request.timeoutSeconds * 1000
  const { list: _, property, timeoutSeconds: __, ...asked } = request
  const series = yield* planTrends(
    {
      ...asked,
      kind: "trends",
      interval: request.interval ?? "none",
      series: [{ measure: "sessions" }]
    },
    context
  )
  const plan: SessionsPlan = {
    range: series.main,
    timeoutMs,
    includeBots: series.includeBots,
    filters: request.filters ?? [],
    property,
    series: { ...series, sessionTimeoutMs: timeoutMs }
  }
  return plan
})
