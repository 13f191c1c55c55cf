import { integer, join, or, type Sql, sql } from "../Sql.ts"
import { type FunnelShape, flagged, flagsOf, timeOf, upTo } from "./FunnelShape.ts"
import type { FunnelPlan } from "./funnelPlan.ts"
import { extended, fitting, noSteps, without } from "./instantMatching.ts"

/** Which events a person's breakdown may need: the `candidates`, by their `packed_flags`. */
export const isCandidate = (plan: FunnelPlan): Sql => {
  const { shape } = plan
  const packed = sql`packed_flags`
  if (shape.order === "unordered") return sql`packed_flags > 0`
  const flag = flagOf(plan)
  // Events of one instant are dealt out step by step.
  return shape.overlapping && flag <= shape.required
    ? or(upTo(flag).map((step) => flagged(shape, packed, step)))
    : flagged(shape, packed, flag)
}

/**
 * Columns that end in `shown`: the candidate that filled the breakdown's step. Of the
 * events of one instant each step, in its turn, has the one with the first message id
 * with which the attempt can go on.
 */
export const breakdownEvent = (plan: FunnelPlan): ReadonlyArray<Sql> => {
  const { shape, breakdownStep } = plan
  if (shape.order === "unordered")
    return [shape.overlapping ? taken(shape, breakdownStep) : first(plan)]
  if (!shape.overlapping)
    return [sql`${together(shape, sql`f${integer(breakdownStep)}`)}[1] AS shown`]
  return flagOf(plan) <= shape.required ? dealt(plan) : [optional(plan)]
}

const flagOf = ({ flags, breakdownStep }: FunnelPlan): number =>
  flags[breakdownStep - 1] ?? 1

/** The candidates of an instant, by message id. */
const together = (shape: FunnelShape, at: Sql): Sql =>
  sql`arraySort(c -> c.2,
    arrayFilter(c -> ${timeOf(shape, sql`c.1`)} = ${at}, candidates))`

/** Steps that share no event: each took the first event of its kind. */
const first = ({ shape, breakdownStep }: FunnelPlan): Sql =>
  sql`arraySort(c -> (${timeOf(shape, sql`c.1`)}, c.2), arrayMap(x ->
    arrayFirst(c -> c.1 = x, arraySort(arrayFilter(c -> has(taken, c.1), candidates))),
    taken))[${integer(breakdownStep)}] AS shown`

/** The greed of tieKernel.ts once more, now in the order of the message ids too. */
const taken = (shape: FunnelShape, step: number): Sql => {
  const at = timeOf(shape, sql`c.1`)
  return sql`arrayFold((acc, c) -> arrayMap(sets ->
      if(notEmpty(sets), (sets, arrayPushBack(acc.2, c)), acc),
      [arrayDistinct(arrayFlatten(arrayMap(x -> ${extended(shape, sql`acc.1`)}, [c.1])))])[1],
    arraySort(c -> (${at}, c.2), arrayFilter(c ->
      ${at} BETWEEN times[1] AND times[-1], candidates)),
    (${noSteps}, arraySlice(candidates, 1, 0))).2[${integer(step)}] AS shown`
}

/**
 * An instant that fills one step shows its first event for it. One that fills several is
 * dealt out, and `rivals`, all its events, tell who can be spared; they are empty for
 * everybody else, so that those cost no matching.
 */
const dealt = (plan: FunnelPlan): ReadonlyArray<Sql> => {
  const { shape } = plan
  const step = integer(flagOf(plan))
  const fits = fitting(shape, sql`acc.1`, sql`step`, sql`last_here`)
  return [
    sql`times[${step}] AS shown_at`,
    sql`toInt64(indexOf(times, shown_at)) AS first_here,
      toInt64(arrayLastIndex(t -> t = shown_at, times)) AS last_here,
      ${together(shape, sql`shown_at`)} AS together`,
    sql`if(first_here < last_here, range(first_here, ${step} + 1), range(0)) AS steps_here,
      if(first_here < last_here, arrayFilter(x -> ${timeOf(shape, sql`x`)} = shown_at, a),
        arraySlice(a, 1, 0)) AS rivals`,
    sql`if(notEmpty(rivals), arrayFold((acc, step) -> arrayMap(c ->
        (${without(sql`acc.1`, sql`c.1`)}, arrayFilter(d -> d.2 != c.2, acc.2), c),
        arrayMap(fits -> arrayFirst(c -> has(fits, c.1), acc.2), [${fits}]))[1],
      steps_here, (rivals, together, together[1])).3,
      arrayFirst(c -> bitTest(${flagsOf(shape, sql`c.1`)}, ${step} - 1), together)) AS shown`
  ]
}

/** Events that match the same conditions are interchangeable: the steps take them in turn. */
const optional = ({ flags, breakdownStep }: FunnelPlan): Sql => {
  const used = flags.slice(0, breakdownStep).map((flag) => sql`a[q${integer(flag)}]`)
  const mine = used[breakdownStep - 1] ?? sql`0`
  return sql`arraySort(c -> c.2, arrayFilter(c -> c.1 = ${mine}, candidates))[
    countEqual([${join(used, ", ")}], ${mine})] AS shown`
}
