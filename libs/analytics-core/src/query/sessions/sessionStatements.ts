import { bucketIndex } from "../bucketSql.ts"
import type { QueryContext } from "../Compiled.ts"
import { stepValue } from "../pagePath.ts"
import { int64, integer, type Sql, sql, uint64 } from "../Sql.ts"
import { type Sessions, sessionsSql } from "../sessionsSql.ts"
import type { TimeBuckets } from "../TimeBuckets.ts"
import { type Value, Values } from "../Values.ts"
import { MAX_VALUES } from "./Sessions.ts"
import type { SessionsPlan } from "./sessionsPlan.ts"

/** Sessions whose visits hold a property, or nothing but their times. */
const sessionsOf = (
  { filters, includeBots, range, timeoutMs }: SessionsPlan,
  context: QueryContext,
  values: Values,
  carried: ReadonlyArray<Value>
): Sessions =>
  sessionsSql(context, {
    range,
    timeoutMs,
    includeBots,
    match: { filters },
    values,
    carried
  })

/** One row of the numbers over all sessions, times in milliseconds. */
export const summarySql = (
  plan: SessionsPlan,
  context: QueryContext,
  buckets: TimeBuckets | undefined
): Sql => {
  const { at, sql: sessions } = sessionsOf(plan, context, new Values(), [])
  const perBucket = buckets
    ? sql`, countResample(0, ${integer(buckets.starts.length)}, 1)(${bucketIndex(buckets, sql`started`)}) AS per_bucket`
    : sql``
  return sql`SELECT count() AS sessions, uniqExact(person) AS people, countIf(events = 1) AS bounces,
    avg(duration) AS duration_mean, quantilesExactInclusive(0.5, 0.95)(duration) AS duration_quantiles,
    avg(events) AS events_mean, quantilesExactInclusive(0.5, 0.95)(events) AS events_quantiles${perBucket}
    FROM (SELECT person, started, length(session) AS events,
      ${at(sql`session[-1]`)} - started AS duration FROM (${sessions}))`
}

export interface ValueSql {
  readonly sql: Sql
  readonly kind: Value["kind"]
}

/** `side` (0: entry, 1: exit), `value` and how many `sessions`; the most frequent of each. */
export const endsSql = (plan: SessionsPlan, context: QueryContext): ValueSql => {
  const values = new Values()
  const carried = stepValue(plan.property, values)
  const { sql: sessions, value } = sessionsOf(plan, context, values, [carried])
  return {
    kind: carried.kind,
    sql: sql`SELECT tupleElement(both, 1) AS side, tupleElement(both, 2) AS value, count() AS sessions
      FROM (SELECT arrayJoin([(0, ${value(sql`session[1]`, 0)}), (1, ${value(sql`session[-1]`, 0)})]) AS both
        FROM (${sessions}))
      GROUP BY side, value
      ORDER BY side, sessions DESC, toFloat64OrNull(value) NULLS LAST, value
      LIMIT ${integer(MAX_VALUES)} BY side`
  }
}

/** The start and the person of the last session of the page before. */
export type After = readonly [started: number, person: bigint]

/** Sessions in the order of their start, then person. No person has two at one time. */
export const pageSql = (
  plan: SessionsPlan,
  context: QueryContext,
  after: After | undefined,
  limit: number
): ValueSql => {
  const values = new Values()
  const carried = stepValue(plan.property, values)
  const { at, sql: sessions, value } = sessionsOf(plan, context, values, [carried])
  const rest = after
    ? sql` WHERE (started, person) > (${int64(after[0])}, ${uint64(after[1])})`
    : sql``
  return {
    kind: carried.kind,
    sql: sql`SELECT toString(person) AS person_id, started, ${at(sql`session[-1]`)} AS ended,
      length(session) AS events, ${value(sql`session[1]`, 0)} AS entry, ${value(sql`session[-1]`, 0)} AS exit
      FROM (${sessions})${rest} ORDER BY started, person LIMIT ${integer(limit)}`
  }
}
