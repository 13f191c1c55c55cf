import { Effect } from "effect"
import type { PeopleSelection, QueryContext } from "../Compiled.ts"
import { groupSql, onlyBy, within } from "../people/selection.ts"
import { and, integer, type Sql, sql } from "../Sql.ts"
import { sessionRows } from "../trends/sessionRows.ts"
import type { SessionsRequest } from "./Sessions.ts"
import { planSessions } from "./sessionsPlan.ts"

/** Those who have a session, in one bucket or all, in one group or all. */
export const sessionsPeople = Effect.fnUntraced(function* (
  request: SessionsRequest,
  selection: PeopleSelection,
  context: QueryContext
) {
  yield* onlyBy(selection, ["bucket", "breakdown"])
  const { series } = yield* planSessions(request, context)
  const { main } = series
  const [counted] = series.series
  if (counted === undefined) return sql`SELECT toUInt64(0) AS person WHERE 0`
  const bucket =
    selection.bucket === undefined
      ? []
      : [yield* within("bucket", selection.bucket, 0, main.buckets.starts.length - 1)]
  const rows = sessionRows(context, series, main, counted)
  const group = yield* groupSql(rows.breakdown, selection.breakdown)
  const people: Sql = sql`SELECT DISTINCT person FROM (${rows.sql}) WHERE ${and([
    ...group,
    ...bucket.map((index) => sql`bucket = ${integer(index)}`)
  ])}`
  return people
})
