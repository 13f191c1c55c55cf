import type { QueryContext } from "../Compiled.ts"
import { eventsOf, matchSql } from "../eventMatch.ts"
import { filtersSql } from "../filterSql.ts"
import { source } from "../Source.ts"
import { integer, join, type Sql, sql } from "../Sql.ts"
import { type Value, Values } from "../Values.ts"
import { isCandidate } from "./breakdownEvent.ts"
import { bitsOf, type FunnelShape, packed } from "./FunnelShape.ts"
import { filledSteps } from "./filledSteps.ts"
import type { FunnelPlan } from "./funnelPlan.ts"
import { groupsSql, totalSql } from "./groupsSql.ts"

export interface FunnelSql {
  readonly sql: Sql
  /** What the columns b0, b1 … hold. */
  readonly breakdown: ReadonlyArray<Value>
}

/** One row a group: `n<i>`, `mean<i>`, `median<i>` (milliseconds) for step i, from 1. */
export const funnelSql = (plan: FunnelPlan, context: QueryContext): FunnelSql => {
  const { breakdown, sql: people } = filledSql(plan, context, [])
  return {
    breakdown,
    sql:
      breakdown.length === 0
        ? totalSql(plan.request.steps, people)
        : groupsSql(plan.request.steps, breakdown.length, people)
  }
}

/** One row a person: `f<i>` (see `filledSteps`), the breakdown, and what is `carried`. */
export const filledSql = (
  plan: FunnelPlan,
  context: QueryContext,
  carried: ReadonlyArray<Sql>
): FunnelSql => {
  const values = new Values()
  const breakdown = (plan.request.breakdown ?? []).map((path) => values.of(path))
  const people = peopleSql(plan, context, values, breakdown)
  return { breakdown, sql: filledSteps(plan, people, carried) }
}

/** One row a `person` that can be in the funnel: `a`, their packed events in order. */
const peopleSql = (
  plan: FunnelPlan,
  context: QueryContext,
  values: Values,
  breakdown: ReadonlyArray<Value>
): Sql => {
  const events = packedEvents(plan, context, values, breakdown)
  const event = sql`bitOr(bitShiftLeft(
    ${packed(plan.shape)}(time), ${integer(bitsOf(plan.shape))}), packed_flags)`
  const found =
    breakdown.length === 0
      ? sql``
      : sql`, groupArrayIf((${event}, message_id, ${join(
          breakdown.map(({ column: value }) => sql`toString(${value})`),
          ", "
        )}), ${isCandidate(plan)}) AS candidates`
  const entered =
    plan.shape.order === "unordered"
      ? sql`packed_flags > 0`
      : sql`bitTest(packed_flags, 0)`
  return sql`SELECT person, arraySort(groupArray(${event})) AS a${found}
    FROM (${events})${
      readsAll(plan.shape) ? sql`` : sql` WHERE packed_flags > 0`
    } GROUP BY person HAVING max(${entered})`
}

/** Between strict steps lies no other event, so all of them have to be seen. */
const readsAll = (shape: FunnelShape) => shape.order === "strict"

const packedEvents = (
  plan: FunnelPlan,
  context: QueryContext,
  values: Values,
  breakdown: ReadonlyArray<Value>
): Sql => {
  const { request, range } = plan
  const packedFlags = flagsSql(plan, values)
  const matches = [...request.steps, ...(request.exclusions ?? [])]
  const where = filtersSql(request.filters ?? [], values)
  const events = source(context, {
    ...eventsOf(readsAll(plan.shape) ? [...matches, {}] : matches),
    from: range.from,
    to: range.to,
    includeBots: request.includeBots ?? false,
    columns: [
      "timestamp",
      "event",
      ...(breakdown.length === 0 ? [] : (["message_id"] as const))
    ],
    person: true,
    values,
    where: (request.filters ?? []).length === 0 ? [] : [where]
  })
  const shown = breakdown.map(({ column: value }) => sql`, ${value}`)
  return sql`SELECT person, toUnixTimestamp64Milli(timestamp) + 1 AS time,
    ${packedFlags} AS packed_flags${
      breakdown.length === 0 ? sql`` : sql`, message_id${join(shown, " ")}`
    } FROM (${events})`
}

/** The conditions that an event meets, as bits. */
const flagsSql = ({ request, shape, flags }: FunnelPlan, values: Values): Sql => {
  const exclusions = (request.exclusions ?? []).map(({ event }, index) => ({
    flag: shape.required + shape.optional + index + 1,
    condition: matchSql({ event }, values)
  }))
  const steps = request.steps.map((step, index) => ({
    flag: flags[index] ?? 0,
    condition: matchSql(step, values)
  }))
  const bits = [...steps, ...exclusions].map(
    ({ flag, condition }) =>
      sql`if(${condition}, toUInt32(${integer(2 ** (flag - 1))}), 0)`
  )
  return bits.reduce((all, bit) => sql`bitOr(${all}, ${bit})`)
}
