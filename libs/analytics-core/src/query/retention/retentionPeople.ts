import { Effect } from "effect"
import type { PeopleSelection, QueryContext } from "../Compiled.ts"
import { onlyBy, within } from "../people/selection.ts"
import { QueryInvalid } from "../QueryInvalid.ts"
import { integer, type Sql, sql } from "../Sql.ts"
import type { RetentionRequest } from "./Retention.ts"
import { planRetention } from "./retentionPlan.ts"
import { cohortsSql } from "./retentionSql.ts"

/** The people of one cell of the table. */
export const retentionPeople = Effect.fnUntraced(function* (
  request: RetentionRequest,
  selection: PeopleSelection,
  context: QueryContext
) {
  yield* onlyBy(selection, ["cohort", "period"])
  const plan = yield* planRetention(request, context)
  if (selection.cohort === undefined)
    return yield* QueryInvalid.at("/of/cohort", "Select a cohort, from 0")
  const { length } = plan.buckets.starts
  const cohort = yield* within("cohort", selection.cohort, 0, length - 1)
  const last = Math.min(request.periods, length - cohort) - 1
  const period = yield* within("period", selection.period ?? 0, 0, last)
  // People stand in the last period they came back in.
  const isThere =
    request.onOrAfter && period > 0
      ? sql`period >= ${integer(period)}`
      : sql`period = ${integer(period)}`
  const people: Sql = sql`SELECT DISTINCT person FROM (${cohortsSql(plan, context)})
    ARRAY JOIN periods AS period
    WHERE cohort = ${integer(cohort)} AND ${isThere}`
  return people
})
