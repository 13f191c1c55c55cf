import { Effect } from "effect"
import type { PeopleSelection, QueryContext } from "../Compiled.ts"
import { groupSql, onlyBy, within } from "../people/selection.ts"
import { QueryInvalid } from "../QueryInvalid.ts"
import { and, integer, or, type Sql, sql } from "../Sql.ts"
import type { MeasureSql } from "./measures.ts"
import { rowsOf } from "./rows.ts"
import { type PlannedSeries, planTrends, type TrendsPlan } from "./TrendsPlan.ts"
import { isPropertyMeasure, type TrendsRequest } from "./TrendsRequest.ts"
import { trailingWindows } from "./trailing.ts"

/** Those whose events or sessions a series counts, in one bucket or all, in one group or all. */
export const trendsPeople = Effect.fnUntraced(function* (
  request: TrendsRequest,
  selection: PeopleSelection,
  context: QueryContext
) {
  yield* onlyBy(selection, ["series", "bucket", "breakdown"])
  const plan = yield* planTrends(request, context)
  const series = yield* seriesOf(plan, selection.series)
  const { buckets } = plan.main
  const bucket =
    selection.bucket === undefined
      ? undefined
      : yield* within("bucket", selection.bucket, 0, buckets.starts.length - 1)
  const windows = trailingWindows(plan, plan.main, series.measure)
  if (windows && bucket === undefined)
    return yield* QueryInvalid.at(
      "/of/bucket",
      "Trailing measures have a number for each bucket only"
    )
  const rows = rowsOf(context, plan, plan.main, withPeople(series))
  const [, taken] = rows.measures
  const group = yield* groupSql(rows.breakdown, selection.breakdown)
  const isIn = (cell: number) => sql`bucket = ${integer(cell)}`
  const inBucket =
    bucket === undefined
      ? []
      : windows
        ? [
            or(
              windows.first.flatMap((first, cell) =>
                first <= bucket && bucket <= (windows.last[cell] ?? -1)
                  ? [isIn(cell)]
                  : []
              )
            )
          ]
        : [isIn(bucket)]
  const people: Sql = sql`SELECT DISTINCT person FROM (${rows.sql})
    WHERE ${and([...group, ...inBucket, ...(taken ? numbersOf(taken) : [])])}`
  return people
})

const seriesOf = (
  { formula, series }: TrendsPlan,
  name: string | undefined
): Effect.Effect<PlannedSeries, QueryInvalid> => {
  const names = series.map((one) => one.name).join(", ")
  const [only] = series
  const named =
    name === undefined && series.length === 1
      ? only
      : series.find((one) => one.name === name)
  if (named === undefined)
    return Effect.fail(
      QueryInvalid.at(
        "/of/series",
        formula?.name === name && name !== undefined
          ? `Nobody is counted by a formula: select one of ${names}`
          : `Expected one of ${names}`
      )
    )
  return Effect.succeed(named)
}

/**
 * The same rows with their people, and the numbers that a measure of a property takes. The
 * other measures count every event.
 */
const withPeople = (
  series: PlannedSeries
): readonly [PlannedSeries, ...ReadonlyArray<PlannedSeries>] => {
  // These have their people already; sessions are dated and grouped by their own rows.
  if (series.measure === "sessions" || series.measure.startsWith("active_users_"))
    return [series]
  const people = { ...series, measure: "unique_users" as const, property: undefined }
  return isPropertyMeasure(series.measure) ? [people, series] : [people]
}

/** Events with another value than a number are in neither sum nor divisor. */
const numbersOf = ({ aggregates }: MeasureSql): ReadonlyArray<Sql> =>
  aggregates.map(({ argument }) => sql`isNotNull(${argument})`)
