import type { BucketedRange } from "../bucketedRange.ts"
import { bucketSet } from "../bucketSet.ts"
import { bucketIndex } from "../bucketSql.ts"
import type { QueryContext } from "../Compiled.ts"
import { filtersSql } from "../filterSql.ts"
import { source } from "../Source.ts"
import { integer, type Sql, sql } from "../Sql.ts"
import { Values } from "../Values.ts"
import type { StickinessRequest } from "./Stickiness.ts"

/** One row a number of `active` buckets that anybody has: how many `people` have it. */
export const stickinessSql = (
  request: StickinessRequest,
  plan: BucketedRange,
  context: QueryContext
): Sql =>
  sql`SELECT active, count() AS people
    FROM (${activeBuckets(request, plan, context)}) GROUP BY active`

/** The people of `least` … `most` active buckets, as the column `person`. */
export const stickyPeopleSql = (
  request: StickinessRequest,
  plan: BucketedRange,
  context: QueryContext,
  [least, most]: readonly [number, number]
): Sql =>
  sql`SELECT person FROM (${activeBuckets(request, plan, context)})
    WHERE active >= ${integer(least)} AND active <= ${integer(most)}`

/** `person`, and in how many buckets (`active`) they were. */
const activeBuckets = (
  request: StickinessRequest,
  { buckets, range }: BucketedRange,
  context: QueryContext
): Sql => {
  const values = new Values()
  const events = source(context, {
    events: request.event === undefined ? undefined : [request.event],
    ...range,
    includeBots: request.includeBots ?? false,
    columns: ["timestamp"],
    person: true,
    values,
    where: [filtersSql(request.filters ?? [], values)]
  })
  const bucket = bucketIndex(buckets, sql`toUnixTimestamp64Milli(timestamp)`)
  return sql`SELECT person, length(${bucketSet(buckets.starts.length, sql`bucket`, sql`1`)}) AS active
    FROM (SELECT person, ${bucket} AS bucket FROM (${events})) GROUP BY person`
}
