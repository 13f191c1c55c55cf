import { integer, type Sql, sql } from "../Sql.ts"
import type { Value } from "../Values.ts"
import type { Measure, PropertyMeasure } from "./TrendsRequest.ts"

/** An aggregate function in its three spellings: whole, as a state, and over states. */
export interface Aggregate {
  readonly of: (suffix: Sql, argument: Sql) => Sql
  readonly argument: Sql
}

/** A measure as aggregates over the rows of a series, and what is made of them. */
export interface MeasureSql {
  readonly aggregates: ReadonlyArray<Aggregate>
  readonly finish: (values: ReadonlyArray<Sql>) => Sql
  readonly needsPerson: boolean
}

const first = ([value]: ReadonlyArray<Sql>): Sql => value ?? sql`NULL`
const whole = sql``

const count: Aggregate = {
  of: (suffix, argument) => sql`count${suffix}(${argument})`,
  argument: whole
}

const people: Aggregate = {
  of: (suffix, argument) => sql`uniqExact${suffix}(${argument})`,
  argument: sql`person`
}

/** What rows count as, for measures that are an aggregate of rows. */
export const measureSql = (
  measure: Measure,
  property: Value | undefined
): MeasureSql => {
  switch (measure) {
    case "total":
    case "sessions":
      return { aggregates: [count], finish: first, needsPerson: false }
    case "unique_users":
    case "active_users_trailing_7d":
    case "active_users_trailing_30d":
      return { aggregates: [people], finish: first, needsPerson: true }
    case "total_per_user":
      return {
        aggregates: [count, people],
        finish: ([events, persons]) => sql`${events ?? whole} / ${persons ?? whole}`,
        needsPerson: true
      }
    default:
      return {
        aggregates: [{ of: functions[measure], argument: numberOf(property) }],
        // A group with nothing to add up is worth 0, more than one that owes.
        finish:
          measure === "sum" ? (values) => sql`ifNull(${first(values)}, 0)` : first,
        needsPerson: false
      }
  }
}

/** The JSON number a property holds; anything else is NULL and out of sum and divisor. */
const numberOf = (property: Value | undefined): Sql =>
  property?.kind === "json"
    ? sql`toFloat64OrNull(${property.column})`
    : sql`CAST(NULL, 'Nullable(Float64)')`

const quantile = (percent: number) => (suffix: Sql, argument: Sql) =>
  sql`quantileExactInclusive${suffix}(${integer(percent)} / 100)(${argument})`

const functions: Record<PropertyMeasure, Aggregate["of"]> = {
  sum: (suffix, argument) => sql`sumKahan${suffix}(${argument})`,
  avg: (suffix, argument) => sql`avg${suffix}(${argument})`,
  min: (suffix, argument) => sql`min${suffix}(${argument})`,
  max: (suffix, argument) => sql`max${suffix}(${argument})`,
  median: quantile(50),
  p75: quantile(75),
  p90: quantile(90),
  p95: quantile(95),
  p99: quantile(99)
}

export const direct = ({ aggregates, finish }: MeasureSql): Sql =>
  finish(aggregates.map(({ of, argument }) => of(whole, argument)))

/** What a bucket without rows shows. */
export const emptyValue = (measure: Measure): number | null =>
  measure === "total" ||
  measure === "unique_users" ||
  measure === "sessions" ||
  measure === "sum" ||
  measure.startsWith("active_users_")
    ? 0
    : null
