import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import { inCohort } from "@analytics/analytics-core/query/cohort/cohortSql"
import { links } from "@analytics/analytics-core/query/People"
import { source } from "@analytics/analytics-core/query/Source"
import {
  and,
  column,
  EARLIEST,
  float,
  join,
  type Sql,
  sql,
  uint64
} from "@analytics/analytics-core/query/Sql"
import { userTraits } from "@analytics/analytics-core/query/TraitSource"
import { Values } from "@analytics/analytics-core/query/Values"
import type { FeatureSpec } from "./FeatureSpec.ts"
import { eventFeatureSql, isOfTrait, order, traitFeatureSql } from "./featureSql.ts"
import { ageSql, DAY, Matches } from "./Matches.ts"
import { DEFAULT_POPULATION_DAYS, type Population } from "./Population.ts"
import { hasUser, namesSomebody } from "./realIds.ts"

export interface RowsAsked {
  readonly features: ReadonlyArray<FeatureSpec>
  readonly population: Population
  /** In epoch milliseconds. */
  readonly cut: number
  readonly includeBots: boolean
  /** Whether the columns `user` and `anonymous` are needed. */
  readonly ids: boolean
  /** People whose number lies in it, both ends included; none given: all. */
  readonly range: { readonly first: bigint; readonly last: bigint } | undefined
}

/**
 * One row a person of the population: `person`, `value0` … of the features (Float32, NaN:
 * missing), `user` and `anonymous`. Nothing from the cut on is read, by any of its parts.
 */
export const rowsSql = (asked: RowsAsked, context: QueryContext): Sql => {
  const { cut, features, ids, population } = asked
  const { materialised: _, ...known } = context
  const past: QueryContext = { ...known, now: cut, before: cut }
  const values = new Values()
  const traits = new Values()
  const matches = new Matches(values)
  const collected = { values, matches, timezone: context.timezone }
  const aggregates = features.flatMap((spec, index) =>
    isOfTrait(spec)
      ? []
      : [sql`, ${eventFeatureSql(spec, collected)} AS ${column("value", index)}`]
  )
  const isLookedAt = havingOf(population, matches)
  const idColumns = ids
    ? sql`, argMaxIf(user_id, ${order}, ${hasUser}) AS user, argMaxIf(anonymous_id, ${order}, NOT ${hasUser}) AS anonymous`
    : sql``
  const columns = sql`${join(aggregates, " ")}${idColumns}`
  // Compiled after everything that adds to `values` and `matches`.
  const events = sql`SELECT *, ${ageSql(cut)} AS age${matches.columns} FROM (${eventsSql(asked, past, values, matches)})${among(asked)}`
  const people = sql`SELECT person${columns} FROM (${events}) GROUP BY person HAVING ${isLookedAt}`
  const { rule } = population
  const chosen = rule
    ? sql`SELECT * FROM (${people}) WHERE ${inCohort(past, { id: "", definition: { type: "dynamic", rule } })}`
    : people
  const finished = features.map((spec, index) =>
    asFloat(
      isOfTrait(spec) ? traitFeatureSql(spec, traits) : column("value", index),
      column("f", index)
    )
  )
  const named = ids
    ? sql`, if(user != '', user, '') AS user_id, if(user != '', '', anonymous) AS anonymous_id`
    : sql``
  const withTraits =
    traits.userTraits.length === 0
      ? chosen
      : sql`SELECT * FROM (${chosen}) AS people LEFT JOIN (SELECT * FROM (${userTraits(past, traits.userTraits)})${among(asked, sql`trait_person`)}) AS traits ON traits.trait_person = people.person`
  return sql`SELECT person${join(finished, " ")}${named} FROM (${withTraits})`
}

/** Beyond 32 bits, NULL and NaN are all missing. */
const asFloat = (value: Sql, name: Sql): Sql =>
  sql`, toFloat32(ifNull(if(abs(${value}) <= ${float(3.4028234663852886e38)}, ${value}, nan), nan)) AS ${name}`

const eventsSql = (
  { cut, ids, includeBots, range }: RowsAsked,
  past: QueryContext,
  values: Values,
  matches: Matches
): Sql => {
  const { reach } = matches
  return source(past, {
    ...matches.events,
    from: Number.isFinite(reach) ? Math.max(cut - reach * DAY, EARLIEST) : EARLIEST,
    to: cut,
    includeBots,
    columns: [
      "timestamp",
      "message_id",
      "event",
      ...(ids ? (["user_id", "anonymous_id"] as const) : [])
    ],
    person: true,
    values,
    where: [],
    within: [namesSomebody, ...(range ? [idsWithin(past, range)] : [])]
  })
}

/** Of the people asked for: at once those of other ranges need not be looked up. */
const idsWithin = (
  context: QueryContext,
  range: NonNullable<RowsAsked["range"]>
): Sql => {
  const own = within(sql`id_hash`, range)
  return context.hasLinks
    ? sql`(${own} OR id_hash IN (SELECT link_id FROM (${links(context)}) WHERE ${within(sql`link_person`, range)}))`
    : own
}

const within = (id: Sql, { first, last }: NonNullable<RowsAsked["range"]>): Sql =>
  sql`(${id} >= ${uint64(first)} AND ${id} <= ${uint64(last)})`

const among = ({ range }: RowsAsked, person: Sql = sql`person`): Sql =>
  range ? sql` WHERE ${within(person, range)}` : sql``

const havingOf = ({ did, didNot }: Population, matches: Matches): Sql => {
  const some = matches.in(did ?? { days: DEFAULT_POPULATION_DAYS })
  return and([
    sql`countIf(${some}) > 0`,
    ...(didNot ? [sql`countIf(${matches.in(didNot)}) = 0`] : [])
  ])
}
