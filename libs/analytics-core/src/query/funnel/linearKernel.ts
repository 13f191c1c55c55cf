import { integer, join, type Sql, sql } from "../Sql.ts"
import {
  type FunnelShape,
  flagged,
  flagsOf,
  lastOf,
  timeOf,
  upTo,
  withinWindow,
  x
} from "./FunnelShape.ts"

/**
 * Columns over `a`, a person's packed events in order, that end in `linear_times`: when each
 * required step of the earliest furthest attempt was filled, in milliseconds. Work and
 * memory grow linearly with the events: every column is a pass over the array.
 *
 * Exact as long as no two events of one instant could change places to somebody's
 * advantage; where they could, tieKernel.ts answers.
 */
export const linearKernel = (shape: FunnelShape): ReadonlyArray<Sql> => {
  switch (shape.order) {
    case "ordered":
      return ordered(shape)
    case "strict":
      return strict(shape)
    case "unordered":
      return unordered(shape)
  }
}

/**
 * `v<k>`: at each event that reaches step k, the latest entry from which it does; a later
 * entry converts whenever an earlier one does. The first event at which the furthest step
 * is reached ends the earliest such attempt. Only the window before it is looked at again:
 * the attempt starts with the first entry there and takes each step as early as it can.
 */
const ordered = (shape: FunnelShape): ReadonlyArray<Sql> => {
  const reached = upTo(shape.required)
    .slice(1)
    .map((k) => {
      const latest = sql`arrayFill(v -> v > 0, v${integer(k - 1)})`
      return reaching(shape, k, before(shape, latest))
    })
  const complete = (k: number) => sql`arrayFirst((x, v) -> v > 0, a, v${integer(k)})`
  const [first, next] = shape.overlapping
    ? [
        sql`arrayFirstIndex(x -> ${flagged(shape, x, 1)}, attempt)`,
        sql`arrayFirstIndex((x, i) -> bitTest(${flagsOf(shape, x)}, k) AND i > acc[-1],
          attempt, arrayEnumerate(attempt))`
      ]
    : [
        sql`arrayFirst(x -> ${flagged(shape, x, 1)}, attempt)`,
        sql`arrayFirst(x -> bitTest(${flagsOf(shape, x)}, k) AND x > acc[-1], attempt)`
      ]
  const taken = sql`arrayFold((acc, k) -> arrayPushBack(acc, ${next}),
    range(toUInt8(1), level), [${first}])`
  return [
    entered(shape),
    ...reached,
    furthest(shape, (k) => sql`(toUInt8(${integer(k)}), ${complete(k)})`),
    sql`reach.1 AS level, arrayFilter(x -> x <= reach.2
      AND ${withinWindow(shape, sql`reach.2`, lastOf(shape, x))}, a) AS attempt`,
    sql`arrayMap(x -> ${timeOf(
      shape,
      shape.overlapping ? sql`attempt[x]` : x
    )}, ${taken}) AS linear_times`
  ]
}

const entered = (shape: FunnelShape): Sql =>
  sql`arrayMap(x -> if(${flagged(shape, x, 1)}, ${lastOf(shape, x)}, 0), a) AS v1`

const reaching = (shape: FunnelShape, k: number, entries: Sql): Sql =>
  sql`arrayMap((x, s) -> if(${flagged(shape, x, k)} AND s > 0
    AND ${withinWindow(shape, x, sql`s`)}, s, 0), a, ${entries}) AS v${integer(k)}`

/** One event fills one step: a step continues from what held before its own event. */
const before = (shape: FunnelShape, column: Sql): Sql =>
  shape.overlapping || shape.order === "strict"
    ? sql`arrayPushFront(arrayPopBack(${column}), 0)`
    : column

/** `reach`: `of` the furthest step that any event reached. */
const furthest = (shape: FunnelShape, of: (step: number) => Sql): Sql => {
  const branches = upTo(shape.required)
    .slice(1)
    .toReversed()
    .flatMap((k) => [sql`arrayMax(v${integer(k)}) > 0`, of(k)])
  return branches.length === 0
    ? sql`${of(1)} AS reach`
    : sql`multiIf(${join([...branches, of(1)], ", ")}) AS reach`
}

/** `v<k>`: the entry of a run of k events in a row that ends here and fills k steps. */
const strict = (shape: FunnelShape): ReadonlyArray<Sql> => {
  const runs = upTo(shape.required)
    .slice(1)
    .map((k) => reaching(shape, k, before(shape, sql`v${integer(k - 1)}`)))
  return [
    entered(shape),
    ...runs,
    furthest(
      shape,
      (k) =>
        sql`arraySlice(a, toInt64(arrayFirstIndex(v -> v > 0, v${integer(k)})) - ${integer(
          k - 1
        )}, ${integer(k)})`
    ),
    sql`arrayMap(x -> ${timeOf(shape, x)}, reach) AS linear_times`
  ]
}

/**
 * The steps last done within the window before an event are the different steps of the
 * window that ends there.
 */
const unordered = (shape: FunnelShape): ReadonlyArray<Sql> => {
  const steps = upTo(shape.required)
  const last = steps.map((k) => sql`arrayFill(x -> ${flagged(shape, x, k)}, a)`)
  const names = steps.map((k) => sql`s${integer(k)}`)
  const inWindow = steps.map((k) => {
    const at = sql`s${integer(k)}`
    return sql`(${flagged(shape, at, k)} AND ${withinWindow(shape, x, lastOf(shape, at))})`
  })
  const taken = steps.map((k) => sql`arrayFirst(x -> ${flagged(shape, x, k)}, attempt)`)
  return [
    sql`arrayMap((x, ${join(names, ", ")}) -> toUInt8(${sum(inWindow)}),
      a, ${join(last, ", ")}) AS counts`,
    sql`a[indexOf(counts, arrayMax(counts))] AS complete`,
    sql`arrayFilter(x -> x <= complete
      AND ${withinWindow(shape, sql`complete`, lastOf(shape, x))}, a) AS attempt`,
    sql`arraySort(arrayFilter(x -> x > 0, [${join(taken, ", ")}])) AS taken`,
    sql`arrayMap(x -> ${timeOf(shape, x)}, taken) AS linear_times`
  ]
}

const sum = (parts: ReadonlyArray<Sql>): Sql =>
  parts.reduce((left, right) => sql`${left} + ${right}`)
