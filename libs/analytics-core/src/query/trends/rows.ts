import { bucketIndex } from "../bucketSql.ts"
import type { QueryContext } from "../Compiled.ts"
import { filtersSql } from "../filterSql.ts"
import { source } from "../Source.ts"
import { column, join, type Sql, sql } from "../Sql.ts"
import { type Value, Values } from "../Values.ts"
import { type MeasureSql, measureSql } from "./measures.ts"
import { sessionRows } from "./sessionRows.ts"
import type { Period, PlannedSeries, TrendsPlan } from "./TrendsPlan.ts"
import { trailingWindows } from "./trailing.ts"

/**
 * What one or more series count, as a SELECT of rows with `bucket` and the breakdown
 * columns, and the measures as aggregates over those rows.
 */
export interface Rows {
  readonly sql: Sql
  /** The breakdown values: `json` text or `plain`, in the order asked. */
  readonly breakdown: ReadonlyArray<Value>
  readonly measures: ReadonlyArray<MeasureSql>
}

/** The rows of series that share events and filters, over one period. */
export const rowsOf = (
  context: QueryContext,
  plan: TrendsPlan,
  period: Period,
  series: readonly [PlannedSeries, ...ReadonlyArray<PlannedSeries>]
): Rows => {
  const [one] = series
  if (one.measure === "sessions") return sessionRows(context, plan, period, one)
  const values = new Values()
  const breakdown = plan.breakdown.map((path) => values.of(path))
  const measures = series.map(({ measure, property }) =>
    measureSql(measure, property === undefined ? undefined : values.of(property))
  )
  const windows = trailingWindows(plan, period, one.measure)
  const events = source(context, {
    events: one.event === undefined ? undefined : [one.event],
    from: windows?.cells.starts[0] ?? period.from,
    to: period.to,
    includeBots: plan.includeBots,
    columns: ["timestamp"],
    person: measures.some(({ needsPerson }) => needsPerson),
    where: [filtersSql(one.filters, values)],
    values
  })
  const bucket = bucketIndex(
    windows?.cells ?? period.buckets,
    sql`toUnixTimestamp64Milli(timestamp)`
  )
  return {
    sql: sql`SELECT *, ${bucket} AS bucket FROM (${events})`,
    breakdown,
    measures
  }
}

/** `b0, b1` … of rows, or nothing. */
export const breakdownColumns = ({ breakdown }: Rows): Sql =>
  join(
    breakdown.map((value) => value.column),
    ", "
  )

export const measureColumn = (index: number): Sql => column("m", index)
