import { bucketIndex } from "../bucketSql.ts"
import type { QueryContext } from "../Compiled.ts"
import { and, instant, join, type Sql, sql, string, uint32 } from "../Sql.ts"
import { measureColumn } from "./rows.ts"
import type { Period } from "./TrendsPlan.ts"

const QUARTER = 900_000
const HOUR = 3_600_000

/**
 * How many events of a name each bucket has, from the projection `p_counts`, whose grain
 * is 15 minutes of event time by the hour an event became known. What the grain cannot
 * tell, the cut ends of the range and the watermark's own hour, is read from the events.
 *
 * None when a bucket begins inside a quarter of an hour, when only some people count, and
 * while something is being removed.
 */
export const countsSql = (
  context: QueryContext,
  period: Period,
  event: string,
  includeBots: boolean
): Sql | undefined => {
  const from = Math.ceil(period.from / QUARTER) * QUARTER
  const to = Math.floor(period.to / QUARTER) * QUARTER
  const isAligned = period.buckets.starts
    .slice(1)
    .every((start) => start % QUARTER === 0)
  if (from >= to || !isAligned) return undefined
  // The projection knows neither people nor who was erased.
  if (context.onlyPeople !== undefined || context.removals) return undefined
  const { from: first, to: end } = period
  context.onRead?.({ events: [event], from: first, to: end, person: false })
  const hour = Math.floor(context.watermark / HOUR) * HOUR
  const own = and([
    sql`project_id = ${uint32(context.projectId)}`,
    sql`event = ${string(event)}`,
    ...(includeBots ? [] : [sql`is_bot = 0`])
  ])
  const known = sql`known_at <= ${instant(context.watermark)}`
  const between = (start: number, end: number) =>
    sql`timestamp >= ${instant(start)} AND timestamp < ${instant(end)}`
  const events = (condition: Sql) =>
    counted(
      period,
      sql`toUnixTimestamp64Milli(timestamp)`,
      sql`${own} AND ${condition}`
    )
  return sql`SELECT bucket, sum(events) AS ${measureColumn(0)} FROM (${join(
    [
      counted(
        period,
        sql`toInt64(toUnixTimestamp(toStartOfFifteenMinutes(timestamp))) * 1000`,
        sql`${own} AND toStartOfFifteenMinutes(timestamp) >= ${instant(from)} AND toStartOfFifteenMinutes(timestamp) < ${instant(to)} AND toStartOfHour(known_at) < ${instant(hour)}`
      ),
      events(sql`${between(from, to)} AND known_at >= ${instant(hour)} AND ${known}`),
      ...(period.from < from
        ? [events(sql`${between(period.from, from)} AND ${known}`)]
        : []),
      ...(to < period.to ? [events(sql`${between(to, period.to)} AND ${known}`)] : [])
    ],
    " UNION ALL "
  )}) GROUP BY bucket`
}

const counted = ({ buckets }: Period, milliseconds: Sql, condition: Sql): Sql =>
  sql`SELECT ${bucketIndex(buckets, milliseconds)} AS bucket, count() AS events FROM events WHERE ${condition} GROUP BY bucket`
