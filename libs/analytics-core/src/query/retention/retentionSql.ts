import { bucketSet } from "../bucketSet.ts"
import { bucketIndex } from "../bucketSql.ts"
import type { QueryContext } from "../Compiled.ts"
import { eventsOf, matchSql } from "../eventMatch.ts"
import { filtersSql } from "../filterSql.ts"
import { source } from "../Source.ts"
import { instant, int64, integer, type Sql, sql } from "../Sql.ts"
import { Values } from "../Values.ts"
import type { RetentionPlan } from "./retentionPlan.ts"

/**
 * One row a `cohort` (the index of its bucket) and `period`: how many `people`. Period 0
 * is the cohort. With `onOrAfter` people stand in the last period they came back in.
 */
export const retentionSql = (plan: RetentionPlan, context: QueryContext): Sql => {
  const cohorts = cohortsSql(plan, context)
  return sql`SELECT cohort, period, count() AS people FROM (${cohorts})
    ARRAY JOIN periods AS period GROUP BY cohort, period`
}

/** One row a `person` and `cohort`: the `periods` they stand in. */
export const cohortsSql = (plan: RetentionPlan, context: QueryContext): Sql => {
  const events = eventsSql(plan, context)
  return plan.windowMs === undefined
    ? calendarCohorts(plan, events)
    : ownCohorts(plan, events, plan.windowMs)
}

/** Person, `ms`, and whether the event is a start or a return. */
const eventsSql = (plan: RetentionPlan, context: QueryContext): Sql => {
  const { request, range } = plan
  const values = new Values()
  const starts = matchSql(request.start, values)
  const returns = matchSql(request.return, values)
  const isFirstTime = request.mode === "first_time"
  const filters = request.filters ?? []
  const events = source(context, {
    ...eventsOf([request.start, request.return]),
    // Whose first start lies before the range has no cohort in it.
    from: isFirstTime ? 0 : range.from,
    to: lastMoment(plan),
    includeBots: request.includeBots ?? false,
    columns: ["timestamp", "event"],
    person: true,
    values,
    where: [
      ...(filters.length === 0 ? [] : [filtersSql(filters, values)]),
      ...(isFirstTime ? [sql`(${starts} OR timestamp >= ${instant(range.from)})`] : [])
    ]
  })
  return sql`SELECT person, toUnixTimestamp64Milli(timestamp) AS ms,
    ${starts}${before(plan)} AS is_start,
    ${returns} AND ms >= ${int64(range.from)} AS is_return FROM (${events})`
}

/** A person's own periods may end after the range; starts may not. */
const before = ({ windowMs, range }: RetentionPlan): Sql =>
  windowMs === undefined ? sql`` : sql` AND ms < ${int64(range.to)}`

const lastMoment = ({ request, range, windowMs }: RetentionPlan): number =>
  range.to + request.periods * (windowMs ?? 0)

/** Buckets of a person in order. */
const bucketsIn = (plan: RetentionPlan, condition: Sql): Sql =>
  bucketSet(plan.buckets.starts.length, bucketOf(plan, sql`ms`), condition)

/** Of a moment before the range only the moment counts. */
const bucketOf = ({ buckets, range }: RetentionPlan, ms: Sql): Sql =>
  bucketIndex(buckets, sql`greatest(${ms}, ${int64(range.from)})`)

/** The first start ever as an array, empty if there is none or it lies before the range. */
const firstStart = ({ range }: RetentionPlan, first: Sql): Sql =>
  sql`if(NOT max(is_start) OR minIf(ms, is_start) < ${int64(range.from)}, [], [${first}])`

const calendarCohorts = (plan: RetentionPlan, events: Sql): Sql => {
  const { mode, periods, onOrAfter } = plan.request
  const starts =
    mode === "recurring"
      ? bucketsIn(plan, sql`is_start`)
      : firstStart(plan, sql`toUInt64(${bucketOf(plan, sql`minIf(ms, is_start)`)})`)
  const later = onOrAfter
    ? sql`if(notEmpty(returns) AND returns[-1] > cohort,
        [least(returns[-1] - cohort, ${integer(periods - 1)})], [])`
    : sql`arrayMap(bucket -> bucket - cohort, arrayFilter(bucket -> bucket > cohort
        AND bucket < cohort + ${integer(periods)}, returns))`
  const people = sql`SELECT person, ${starts} AS starts,
    ${bucketsIn(plan, sql`is_return`)} AS returns
    FROM (${events}) GROUP BY person HAVING notEmpty(starts)`
  return sql`SELECT person, cohort, ${withCohort(periods, later)} AS periods
    FROM (${people}) ARRAY JOIN starts AS cohort`
}

const withCohort = (periods: number, later: Sql): Sql =>
  periods === 1
    ? sql`[toUInt64(0)]`
    : sql`arrayPushFront(arrayMap(p -> toUInt64(p), ${later}), toUInt64(0))`

/** Periods from each person's first start in the bucket. */
const ownCohorts = (plan: RetentionPlan, events: Sql, windowMs: number): Sql => {
  const { mode, periods, onOrAfter } = plan.request
  const { to } = plan.range
  const window = int64(windowMs)
  const first =
    mode === "recurring"
      ? sql`arraySort(groupArrayIf(ms, is_start))`
      : firstStart(plan, sql`minIf(ms, is_start)`)
  const people = sql`SELECT person, ${first} AS starts, groupArrayIf(ms, is_return) AS returns
    FROM (${events}) GROUP BY person HAVING notEmpty(starts)`
  const dated = sql`SELECT person, returns, arrayMap(ms -> toUInt64(${bucketIndex(
    plan.buckets,
    sql`ms`
  )}), starts) AS dates, arrayFilter((ms, date, earlier) -> date != earlier,
    starts, dates, arrayPushFront(arrayPopBack(arrayMap(date -> toInt64(date), dates)),
    -1)) AS firsts FROM (${people})`
  const cohorts = sql`SELECT person, returns, began,
    toUInt64(${bucketIndex(plan.buckets, sql`began`)}) AS cohort
    FROM (${dated}) ARRAY JOIN firsts AS began`
  const later = onOrAfter
    ? sql`arrayFilter(p -> p > 0, [least(intDiv(arrayMax(arrayPushBack(arrayFilter(ms ->
        ms >= began AND ms < greatest(${int64(to)}, began + ${integer(periods)} * ${window}),
        returns), began)) - began, ${window}), ${integer(periods - 1)})])`
    : sql`arrayDistinct(arrayMap(ms -> intDiv(ms - began, ${window}), arrayFilter(ms ->
        ms >= began + ${window} AND ms < began + ${integer(periods)} * ${window},
        returns)))`
  return sql`SELECT person, cohort, ${withCohort(periods, later)} AS periods
    FROM (${cohorts})`
}
