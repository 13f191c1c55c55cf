import { bucketIndex } from "../bucketSql.ts"
import type { QueryContext } from "../Compiled.ts"
import { column, join, sql } from "../Sql.ts"
import { sessionsSql } from "../sessionsSql.ts"
import { Values } from "../Values.ts"
import { measureSql } from "./measures.ts"
import type { Rows } from "./rows.ts"
import type { Period, PlannedSeries, TrendsPlan } from "./TrendsPlan.ts"

/**
 * One row per session that starts in the period and holds an event of the series, with its
 * `person`; the first event that matches gives the breakdown values.
 */
export const sessionRows = (
  context: QueryContext,
  plan: TrendsPlan,
  period: Period,
  series: PlannedSeries
): Rows => {
  const values = new Values()
  const carried = plan.breakdown.map((path) => values.of(path))
  const sessions = sessionsSql(context, {
    range: period,
    timeoutMs: plan.sessionTimeoutMs,
    includeBots: plan.includeBots,
    match: {
      ...(series.event === undefined ? {} : { event: series.event }),
      filters: series.filters
    },
    values,
    carried
  })
  const breakdown = carried.map((value, index) => ({
    ...value,
    column: column("b", index)
  }))
  const picked = join(
    breakdown.map(
      ({ column: name }, index) =>
        sql`, ${sessions.value(sessions.firstMatch, index)} AS ${name}`
    ),
    " "
  )
  return {
    sql: sql`SELECT person, ${bucketIndex(period.buckets, sql`started`)} AS bucket${picked} FROM (${sessions.sql})`,
    breakdown,
    measures: [measureSql(series.measure, undefined)]
  }
}
