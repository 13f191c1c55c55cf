import { int64, integer, join, type Sql, sql } from "../Sql.ts"
import { type FunnelShape, flagged, timeOf, upTo, x } from "./FunnelShape.ts"

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
 * `s<k>`: at each event, the latest entry from which step k was reached by then; a later
 * entry converts whenever an earlier one does. The first event at which the furthest
 * step is reached ends the earliest such attempt, and the attempt starts with the first
 * entry within the window before it, taking each step as early as it can.
 */
const ordered = (shape: FunnelShape): ReadonlyArray<Sql> => {
  const at = timeOf(shape, x)
  const entered = sql`arrayMap(x -> if(${flagged(x, 1)}, ${at}, 0), a) AS v1`
  const reached = upTo(shape.required)
    .slice(1)
    .flatMap((k) => [
      sql`arrayFill(v -> v > 0, v${integer(k - 1)}) AS s${integer(k - 1)}`,
      sql`arrayMap((x, s) -> if(${flagged(x, k)} AND s > 0
        AND ${at} - s <= ${int64(shape.windowMs)}, s, 0),
        a, ${before(shape, sql`s${integer(k - 1)}`)}) AS v${integer(k)}`
    ])
  const positions = upTo(shape.required).map((k) =>
    k === 1
      ? sql`arrayFirstIndex(x -> ${flagged(x, 1)}
          AND ${at} >= complete - ${int64(shape.windowMs)}, a) AS p1`
      : sql`if(level >= ${integer(k)}, arrayFirstIndex((x, i) -> ${flagged(x, k)}
          AND i > p${integer(k - 1)}, a, arrayEnumerate(a)), 0) AS p${integer(k)}`
  )
  const times = upTo(shape.required).map(
    (k) => sql`if(p${integer(k)} > 0, ${timeOf(shape, sql`a[p${integer(k)}]`)}, 0)`
  )
  return [
    entered,
    ...reached,
    ...furthest(shape),
    ...positions,
    sql`arraySlice([${join(times, ", ")}], 1, level) AS linear_times`
  ]
}

/** One event fills one step: a step continues from what held before its own event. */
const before = (shape: FunnelShape, column: Sql): Sql =>
  shape.overlapping || shape.order === "strict"
    ? sql`arrayPushFront(arrayPopBack(${column}), 0)`
    : column

/** `level`: the furthest step; `complete`: when it was first reached. */
const furthest = (shape: FunnelShape): ReadonlyArray<Sql> => {
  const first = upTo(shape.required).map((k) =>
    timeOf(shape, sql`arrayFirst((x, v) -> v > 0, a, v${integer(k)})`)
  )
  return [
    sql`[${join(first, ", ")}] AS firsts`,
    sql`toInt64(countEqual(arrayMap(t -> t > 0, firsts), 1)) AS level`,
    sql`firsts[level] AS complete`
  ]
}

/** `v<k>`: the entry of a run of k events in a row that ends here and fills k steps. */
const strict = (shape: FunnelShape): ReadonlyArray<Sql> => {
  const at = timeOf(shape, x)
  const runs = upTo(shape.required).map((k) =>
    k === 1
      ? sql`arrayMap(x -> if(${flagged(x, 1)}, ${at}, 0), a) AS v1`
      : sql`arrayMap((x, s) -> if(${flagged(x, k)} AND s > 0
          AND ${at} - s <= ${int64(shape.windowMs)}, s, 0),
          a, ${before(shape, sql`v${integer(k - 1)}`)}) AS v${integer(k)}`
  )
  const ends = upTo(shape.required).map(
    (k) => sql`arrayFirstIndex(v -> v > 0, v${integer(k)})`
  )
  return [
    ...runs,
    sql`[${join(ends, ", ")}] AS ends`,
    sql`toInt64(countEqual(arrayMap(e -> e > 0, ends), 1)) AS level`,
    sql`arrayMap(x -> ${at},
      arraySlice(a, toInt64(ends[level]) - level + 1, level)) AS linear_times`
  ]
}

/**
 * `s<k>`: when step k was last done. The steps done within the window before an event are
 * the different steps of the window that ends there.
 */
const unordered = (shape: FunnelShape): ReadonlyArray<Sql> => {
  const at = timeOf(shape, x)
  const window = int64(shape.windowMs)
  const steps = upTo(shape.required)
  const last = steps.map(
    (k) => sql`arrayFill(v -> v > 0,
      arrayMap(x -> if(${flagged(x, k)}, ${at}, 0), a)) AS s${integer(k)}`
  )
  const inWindow = steps.map(
    (k) => sql`(s${integer(k)} > 0 AND s${integer(k)} >= ${at} - ${window})`
  )
  const taken = steps.map(
    (k) =>
      sql`${timeOf(
        shape,
        sql`arrayFirst(x -> ${flagged(x, k)}
        AND ${at} BETWEEN complete - ${window} AND complete, a)`
      )}`
  )
  const names = join(
    steps.map((k) => sql`s${integer(k)}`),
    ", "
  )
  return [
    ...last,
    sql`arrayMap((x, ${names}) -> ${sum(inWindow)}, a, ${names}) AS counts`,
    sql`toInt64(arrayMax(counts)) AS level`,
    sql`${timeOf(shape, sql`a[indexOf(counts, level)]`)} AS complete`,
    sql`arraySort(arrayFilter(t -> t > 0, [${join(taken, ", ")}])) AS linear_times`
  ]
}

const sum = (parts: ReadonlyArray<Sql>): Sql =>
  parts.reduce((left, right) => sql`${left} + ${right}`)
