import { filtersSql } from "@analytics/analytics-core/query/filterSql"
import {
  and,
  integer,
  type Sql,
  sql,
  string,
  uint32s
} from "@analytics/analytics-core/query/Sql"
import type { Values } from "@analytics/analytics-core/query/Values"
import type { FeatureSpec } from "./FeatureSpec.ts"
import { DAY, type Matches } from "./Matches.ts"

export type TraitFeature = Extract<FeatureSpec, { readonly trait: string }>
export type EventFeature = Exclude<FeatureSpec, TraitFeature>

export const isOfTrait = (spec: FeatureSpec): spec is TraitFeature => "trait" in spec

/** What one statement collects while its columns are compiled. */
export interface Collected {
  readonly values: Values
  readonly matches: Matches
  readonly timezone: string
}

const day = integer(DAY)

/**
 * Bytes that compare as (timestamp, message id) do: a tuple, which the engine compares
 * value by value, took eight times as long.
 */
export const order = sql`concat(reverse(reinterpretAsFixedString(toUInt64(toUnixTimestamp64Milli(timestamp)))), message_id)`

/** The day before the cut is 0, the 24 hours before it 1 … */
const slot = sql`intDiv(age - 1, ${day})`

/** An aggregate over a person's rows (`age`, `m0` …, `v0` …); NULL or NaN: missing. */
export const eventFeatureSql = (spec: EventFeature, collected: Collected): Sql => {
  const { matches, timezone, values } = collected
  const hit = matches.in(spec)
  switch (spec.kind) {
    case "count":
      return sql`countIf(${hit})`
    case "active_days":
      return sql`uniqExactIf(${slot}, ${hit})`
    case "days_since_last":
      return sinceLast(hit)
    case "days_since_first":
      return known(sql`maxIf(age, ${hit})`)
    case "mean_gap":
      return meanGap(hit)
    case "overdue":
      return sql`${sinceLast(hit)} / ${meanGap(hit)}`
    case "trend": {
      const both = matches.in({ ...spec, days: 2 * spec.days })
      return sql`(2 * countIf(${hit}) - toFloat64(countIf(${both}))) / countIf(${both})`
    }
    case "sum":
    case "avg":
    case "min":
    case "max":
    case "last":
      return numberSql(spec.kind, numberOf(spec.property, values), hit)
    case "distinct": {
      const { column } = values.of(spec.property)
      return sql`uniqExactIf(${column}, ${and([hit, sql`${column} != ''`])})`
    }
    case "latest_is": {
      const { column } = values.of(spec.property)
      const is = filtersSql(
        [{ property: spec.property, op: "in", value: spec.in }],
        values
      )
      return sql`argMaxIf(toNullable(toUInt8(${is})), ${order}, ${and([hit, sql`${column} != ''`])})`
    }
    case "hour_share": {
      const hour = sql`toHour(timestamp, ${string(spec.timezone ?? timezone)})`
      return share(
        hit,
        sql`${hour} >= ${integer(spec.fromHour)} AND ${hour} < ${integer(spec.toHour)}`
      )
    }
    case "weekday_share": {
      const weekday = sql`toDayOfWeek(timestamp, 0, ${string(spec.timezone ?? timezone)})`
      return share(hit, sql`${weekday} IN ${uint32s(spec.weekdays)}`)
    }
  }
}

/** Days from milliseconds; an age is never 0, so that 0 says that there was no row. */
const known = (age: Sql): Sql => sql`nullIf(${age}, 0) / ${day}`

const sinceLast = (hit: Sql): Sql => known(sql`minIf(age, ${hit})`)

/** Without two active days there is no gap: the engine divides by 0 to NaN. */
const meanGap = (hit: Sql): Sql =>
  sql`((maxIf(${slot}, ${hit}) - minIf(${slot}, ${hit})) / greatest(toInt64(uniqExactIf(${slot}, ${hit})) - 1, 0))`

const share = (hit: Sql, part: Sql): Sql =>
  sql`countIf(${and([hit, part])}) / countIf(${hit})`

/** The JSON number a property holds; anything else is NULL. */
const numberOf = (property: string, values: Values): Sql => {
  const { column, kind } = values.of(property)
  return kind === "json"
    ? sql`toFloat64OrNull(${column})`
    : sql`CAST(NULL, 'Nullable(Float64)')`
}

const numberSql = (
  kind: "sum" | "avg" | "min" | "max" | "last",
  number: Sql,
  hit: Sql
): Sql => {
  switch (kind) {
    case "sum":
      return sql`ifNull(sumKahanIf(${number}, ${hit}), 0)`
    case "avg":
      return sql`avgIf(${number}, ${hit})`
    case "min":
      return sql`minIf(${number}, ${hit})`
    case "max":
      return sql`maxIf(${number}, ${hit})`
    case "last":
      return sql`argMaxIf(${number}, ${order}, ${and([hit, sql`isNotNull(${number})`])})`
  }
}

/** Over the traits of a person, which are columns of `values`. */
export const traitFeatureSql = (spec: TraitFeature, values: Values): Sql => {
  const property = `user.${spec.trait}`
  const { column } = values.of(property)
  return spec.kind === "trait_number"
    ? sql`toFloat64OrNull(${column})`
    : sql`if(${column} = '', NULL, toUInt8(${filtersSql([{ property, op: "in", value: spec.in }], values)}))`
}
