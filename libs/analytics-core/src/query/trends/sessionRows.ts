import { bucketIndex } from "../bucketSql.ts"
import type { QueryContext } from "../Compiled.ts"
import { filtersSql } from "../filterSql.ts"
import { source } from "../Source.ts"
import { and, column, instant, int64, integer, join, sql, string } from "../Sql.ts"
import { Values } from "../Values.ts"
import { measureSql } from "./measures.ts"
import type { Rows } from "./rows.ts"
import type { Period, PlannedSeries, TrendsPlan } from "./TrendsPlan.ts"

const TIMEOUT = 1_800_000
const DAY = 86_400_000

/**
 * One row per session that starts in the period and holds an event of the series. All
 * activity of a person makes the sessions, from a day before the period; filters apply
 * afterwards; the first event that matches gives the breakdown values.
 */
export const sessionRows = (
  context: QueryContext,
  plan: TrendsPlan,
  period: Period,
  series: PlannedSeries
): Rows => {
  const values = new Values()
  const carried = plan.breakdown.map((path) => values.of(path))
  const isMatch = and([
    ...(series.event === undefined ? [] : [sql`event = ${string(series.event)}`]),
    filtersSql(series.filters, values)
  ])
  // Which of two events at one instant is first matters to the breakdown only.
  const isOrdered = carried.length > 0
  const events = source(context, {
    events: undefined,
    from: period.from - DAY,
    to: period.to + DAY,
    includeBots: plan.includeBots,
    columns: [
      "timestamp",
      ...(isOrdered ? (["message_id"] as const) : []),
      ...(series.event === undefined ? [] : (["event"] as const))
    ],
    person: true,
    where: [],
    values
  })
  const details = join(
    [
      sql`toUnixTimestamp64Milli(timestamp)`,
      isOrdered ? sql`message_id` : sql`''`,
      sql`toUInt8(${isMatch})`,
      ...carried.map((value) => sql`toString(${value.column})`)
    ],
    ", "
  )
  const perPerson = sql`SELECT arraySort(groupArray((${details}))) AS visits FROM (${events}) GROUP BY person`
  // A visit is (milliseconds, message id, match, breakdown values …), in order of time.
  const byGap = sql`SELECT arrayJoin(arraySplit((visit, gap) -> gap > ${int64(TIMEOUT)}, visits, arrayDifference(arrayMap(visit -> visit.1, visits)))) AS stretch FROM (${perPerson})`
  // Longer than a day is rare, and only then the day decides where the next one starts.
  const long = sql`if(stretch[-1].1 - stretch[1].1 > ${int64(DAY)}, stretch, [])`
  const dayCuts = sql`arrayFold((state, visit) -> if(visit.1 - state.1 > ${int64(DAY)}, (visit.1, arrayPushBack(state.2, toUInt8(1))), (state.1, arrayPushBack(state.2, toUInt8(0)))), ${long}, (stretch[1].1, CAST([], 'Array(UInt8)'))).2`
  const sessions = sql`SELECT arrayJoin(if(stretch[-1].1 - stretch[1].1 > ${int64(DAY)}, arraySplit((visit, cut) -> cut, stretch, arrayResize(${dayCuts}, length(stretch))), [stretch])) AS session FROM (${byGap})`
  const breakdown = carried.map((value, index) => ({
    ...value,
    column: column("b", index)
  }))
  const picked = join(
    breakdown.map(
      ({ column: name }, index) =>
        sql`, tupleElement(arrayFirst(visit -> visit.3 = 1, session), ${integer(index + 4)}) AS ${name}`
    ),
    " "
  )
  const started = sql`SELECT session[1].1 AS started${picked} FROM (${sessions}) WHERE started >= toUnixTimestamp64Milli(${instant(period.from)}) AND started < toUnixTimestamp64Milli(${instant(period.to)}) AND arrayExists(visit -> visit.3 = 1, session)`
  return {
    sql: sql`SELECT *, ${bucketIndex(period.buckets, sql`started`)} AS bucket FROM (${started})`,
    breakdown,
    measures: [measureSql(series.measure, undefined)]
  }
}
