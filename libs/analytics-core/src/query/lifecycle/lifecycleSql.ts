import { bucketSet } from "../bucketSet.ts"
import { bucketIndex } from "../bucketSql.ts"
import type { QueryContext } from "../Compiled.ts"
import { filtersSql } from "../filterSql.ts"
import { source } from "../Source.ts"
import { int64, integer, type Sql, sql } from "../Sql.ts"
import { Values } from "../Values.ts"
import type { LifecycleRequest } from "./Lifecycle.ts"
import type { LifecyclePlan } from "./lifecyclePlan.ts"

/** One row a `bucket` (from 0) and `state` (from 0) with anybody in it: how many `people`. */
export const lifecycleSql = (
  request: LifecycleRequest,
  plan: LifecyclePlan,
  context: QueryContext
): Sql =>
  sql`SELECT place.1 - 1 AS bucket, place.2 AS state, count() AS people
    FROM (${placesSql(request, plan, context)}) ARRAY JOIN places AS place
    GROUP BY place`

/** The people of a state in a bucket, or in any, as the column `person`. */
export const lifecyclePeopleSql = (
  request: LifecycleRequest,
  plan: LifecyclePlan,
  context: QueryContext,
  selected: { readonly state: number; readonly bucket: number | undefined }
): Sql => {
  const inBucket =
    selected.bucket === undefined
      ? sql``
      : sql` AND place.1 = ${integer(selected.bucket + 1)}`
  return sql`SELECT person FROM (${placesSql(request, plan, context)})
    WHERE arrayExists(place -> place.2 = ${integer(selected.state)}${inBucket}, places)`
}

/** One row a `person`: in which buckets (from 1; 0 is the one before) they are what. */
const placesSql = (
  request: LifecycleRequest,
  plan: LifecyclePlan,
  context: QueryContext
): Sql => {
  const last = integer(plan.buckets.starts.length)
  // New is who had no event before the range, in the first bucket they are active in.
  const active = sql`arrayMap((b, previous, position) -> (b, multiIf(
      position = 1 AND NOT is_known, 0, previous + 1 = b, 1, 2)),
    active, arrayPushFront(arrayPopBack(active), -2), arrayEnumerate(active))`
  const dormant = sql`arrayMap(b -> (b + 1, 3), arrayFilter((b, next) -> b + 1 < next
    AND b < ${last}, active, arrayPushBack(arrayPopFront(active), ${last} + 2)))`
  return sql`SELECT person, arrayConcat(
      arrayFilter(place -> place.1 > 0, ${active}), ${dormant}) AS places
    FROM (${activeSql(request, plan, context)})`
}

/** `active` (buckets in order, 0 the one before), and whether there are events before `from`. */
const activeSql = (
  request: LifecycleRequest,
  { buckets, range, withBefore }: LifecyclePlan,
  context: QueryContext
): Sql => {
  const values = new Values()
  const events = source(context, {
    events: request.event === undefined ? undefined : [request.event],
    // Who is new is told by all of history.
    from: 0,
    to: range.to,
    includeBots: request.includeBots ?? false,
    columns: ["timestamp"],
    person: true,
    values,
    where: [filtersSql(request.filters ?? [], values)]
  })
  const [start = range.from, first = range.from] = withBefore.starts
  const bucket = bucketIndex(withBefore, sql`greatest(ms, ${int64(start)})`)
  // Of the first bucket only what lies in the range counts.
  const counts = sql`(ms >= ${int64(range.from)} OR (ms >= ${int64(start)} AND ms < ${int64(first)}))`
  return sql`SELECT person, min(ms) < ${int64(range.from)} AS is_known,
      arrayMap(b -> toInt64(b), ${bucketSet(buckets.starts.length + 1, sql`bucket`, sql`counts`)}) AS active
    FROM (SELECT person, ms, ${bucket} AS bucket, ${counts} AS counts
      FROM (SELECT person, toUnixTimestamp64Milli(timestamp) AS ms FROM (${events})))
    GROUP BY person HAVING notEmpty(active)`
}
