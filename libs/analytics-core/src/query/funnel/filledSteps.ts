import { int64, integer, join, or, type Sql, sql } from "../Sql.ts"
import { breakdownEvent } from "./breakdownEvent.ts"
import { type FunnelShape, flagged, flagsOf, timeOf, upTo, x } from "./FunnelShape.ts"
import type { FunnelPlan } from "./funnelPlan.ts"
import { fitting } from "./instantMatching.ts"
import { linearKernel } from "./linearKernel.ts"
import { tieKernel } from "./tieKernel.ts"

/**
 * From `people` (`a`, and `candidates` with a breakdown) to one row a person: `f<i>`, when
 * step i was filled, 0 when it was not, the breakdown's `b0`, `b1` …, and the columns of
 * `people` to be `carried`.
 */
export const filledSteps = (
  plan: FunnelPlan,
  people: Sql,
  carried: ReadonlyArray<Sql>
): Sql => {
  const breakdown = plan.request.breakdown ?? []
  const columns = [
    ...timesColumns(plan.shape),
    ...filled(plan),
    ...(breakdown.length === 0 ? [] : breakdownEvent(plan))
  ]
  const wanted = [
    ...carried,
    ...plan.flags.map((_, index) => sql`f${integer(index + 1)}`),
    ...breakdown.map(
      (_, index) => sql`shown.${integer(index + 3)} AS b${integer(index)}`
    )
  ]
  return sql`SELECT ${join(wanted, ", ")} FROM (${layered(people, columns)})`
}

/**
 * Each column in a SELECT of its own: the engine's analyser copies an alias wherever it is
 * used in the same SELECT, which grows exponentially along a chain of them.
 */
const layered = (rows: Sql, columns: ReadonlyArray<Sql>): Sql =>
  columns.reduce((inner, column) => sql`SELECT *, ${column} FROM (${inner})`, rows)

/** `times`, and what leads to them: the linear kernel's answer wherever it holds. */
const timesColumns = (shape: FunnelShape): ReadonlyArray<Sql> => {
  if (shape.order === "unordered" && shape.overlapping)
    return [sql`a AS tied`, sql`${tieKernel(shape)} AS times`]
  const linear = linearKernel(shape)
  const doubts = [
    ...(shape.order === "strict" || (shape.order === "ordered" && shape.overlapping)
      ? [ties(shape)]
      : []),
    ...(shape.exclusions.length === 0 ? [] : [excluded(shape)])
  ]
  return doubts.length === 0
    ? [...linear, sql`linear_times AS times`]
    : [
        ...linear,
        ...(shape.exclusions.length === 0
          ? []
          : [
              sql`linear_times[1] AS linear_first, linear_times[-1] AS linear_last`,
              suspects(shape)
            ]),
        // Empty for everybody else, so that they cost the tie kernel nothing.
        sql`if(${or(doubts)}, a, arraySlice(a, 1, 0)) AS tied`,
        sql`if(notEmpty(tied), ${tieKernel(shape)}, linear_times) AS times`
      ]
}

/** `suspects`: the events inside the attempt, found without regard to them, that may end it. */
const suspects = (shape: FunnelShape): Sql => {
  const first = shape.required + shape.optional
  const mask = integer(2 ** (first + shape.exclusions.length) - 2 ** first)
  const time = timeOf(shape, x)
  return sql`arrayFilter(x -> bitAnd(x, ${mask}) != 0 AND ${time} > linear_first
    AND ${time} < linear_last, a) AS suspects`
}

/**
 * Whether an exclusion lies in the attempt that was found without regard to it. If none
 * does, that attempt is still the furthest, and the earliest of them.
 */
const excluded = (shape: FunnelShape): Sql => {
  const flags = shape.exclusions.map((_, index) =>
    integer(shape.required + shape.optional + index)
  )
  const begins = shape.exclusions.map(({ from }) => sql`linear_times[${integer(from)}]`)
  const ends = shape.exclusions.map(
    ({ from, to }) => sql`if(length(linear_times) > ${integer(from)},
      linear_times[least(length(linear_times), ${integer(to)})], 0)`
  )
  const time = timeOf(shape, x)
  return sql`arrayExists((flag, begins, ends) -> arrayExists(x -> bitTest(${flagsOf(shape, x)}, flag)
      AND ${time} > begins AND ${time} < ends, suspects),
    [${join(flags, ", ")}], [${join(begins, ", ")}], [${join(ends, ", ")}])`
}

/** Whether two events of one instant match different steps: rare, and then decisive. */
const ties = (shape: FunnelShape): Sql =>
  sql`arrayExists((x, y) -> x != y AND ${timeOf(shape, x)} = ${timeOf(shape, sql`y`)},
    arrayPopBack(a), arrayPopFront(a))`

const filled = (plan: FunnelPlan): ReadonlyArray<Sql> => {
  const { shape, flags } = plan
  if (shape.optional === 0) {
    const steps = upTo(shape.required).map(integer)
    return [
      join(
        steps.map((step) => sql`times[${step}] AS f${step}`),
        ", "
      )
    ]
  }
  const required = flags.flatMap((flag, index) =>
    flag <= shape.required
      ? [sql`times[${integer(flag)}] AS f${integer(index + 1)}`]
      : []
  )
  return [
    join(required, ", "),
    ...usedByRequired(shape),
    ...flags.flatMap((flag, index) => (flag > shape.required ? fill(plan, index) : []))
  ]
}

/**
 * `q<k>`: which event filled required step k, so that no optional step takes it too. It
 * leaves the steps after it their events: `fits<k>` matters where an instant fills several.
 */
const usedByRequired = (shape: FunnelShape): ReadonlyArray<Sql> =>
  shape.overlapping
    ? upTo(shape.required).flatMap((k) => {
        const step = integer(k)
        const earlier = upTo(k - 1).map((other) => sql`q${integer(other)}`)
        const free = sql`${timeOf(shape, x)} = times[${step}] AND NOT ${among(earlier)}`
        const last = sql`toUInt8(arrayLastIndex(t -> t = times[${step}], times))`
        return [
          sql`if(times[${step}] = times[${integer(k + 1)}], arrayFilter((x, i) -> ${free},
            a, arrayEnumerate(a)), arraySlice(a, 1, 0)) AS rest${step}`,
          sql`${fitting(shape, sql`rest${step}`, step, last)} AS fits${step}`,
          sql`if(length(times) >= ${step}, arrayFirstIndex((x, i) ->
            ${flagged(shape, x, k)} AND ${free} AND (empty(fits${step}) OR has(fits${step}, x)),
            a, arrayEnumerate(a)), 0) AS q${step}`
        ]
      })
    : []

const among = (positions: ReadonlyArray<Sql>): Sql =>
  positions.length === 0 ? sql`0` : sql`has([${join(positions, ", ")}], i)`

/**
 * Once the required steps stand, each optional step in turn takes the earliest event that
 * lies between its neighbours, or in the window after the last, and fills nothing else.
 */
const fill = ({ shape, flags }: FunnelPlan, index: number): ReadonlyArray<Sql> => {
  const flag = flags[index] ?? 0
  const name = integer(index + 1)
  const before = flags.slice(0, index)
  const lastRequired = before.findLastIndex((earlier) => earlier <= shape.required)
  const last = flags[lastRequired] ?? 1
  const earlier = upTo(index)
    .slice(lastRequired)
    .map((step) => sql`f${integer(step)}`)
  const until = sql`if(length(times) > ${integer(last)}, times[${integer(last + 1)}],
    times[1] + ${int64(shape.windowMs)})`
  const lies = sql`${flagged(shape, x, flag)} AND ${timeOf(shape, x)}
    BETWEEN greatest(${join(earlier, ", ")}) AND ${until}`
  const isReached = sql`length(times) >= ${integer(last)}`
  if (!shape.overlapping)
    return [
      sql`if(${isReached}, ${timeOf(shape, sql`arrayFirst(x -> ${lies}, a)`)}, 0) AS f${name}`
    ]
  const used = [
    ...upTo(shape.required),
    ...before.filter((other) => other > shape.required)
  ].map((k) => sql`q${integer(k)}`)
  return [
    sql`if(${isReached}, arrayFirstIndex((x, i) -> ${lies} AND NOT ${among(used)},
      a, arrayEnumerate(a)), 0) AS q${integer(flag)}`,
    sql`if(q${integer(flag)} > 0, ${timeOf(shape, sql`a[q${integer(flag)}]`)}, 0) AS f${name}`
  ]
}
