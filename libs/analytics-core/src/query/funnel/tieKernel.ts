import { int64, integer, join, type Sql, sql } from "../Sql.ts"
import { type FunnelShape, flagged, stepsOf, timeOf, upTo, x } from "./FunnelShape.ts"

/**
 * `times` for any funnel, as one expression over `tied`: attempts that an exclusion ended,
 * and events of one instant that match several steps, where which event fills which step
 * is a matching. Several times slower than the linear kernel, so for few people only.
 */
export const tieKernel = (shape: FunnelShape): Sql =>
  shape.order === "unordered" ? unordered(shape) : inSequence(shape)

/**
 * The sets of required steps that events can fill, one step an event: `sets` before the
 * event `x`, then with it.
 */
const extended = (shape: FunnelShape, sets: Sql): Sql =>
  sql`arrayMap(s -> arrayMap(b -> bitOr(s, b),
    bitmaskToArray(bitAnd(${stepsOf(shape, x)}, bitNot(s)))), ${sets})`

const noSteps = sql`[toUInt32(0)]`

/** One element an instant: its time, its sets of steps, its events, its exclusions. */
const instants = (shape: FunnelShape): Sql => {
  const exclusions = shape.exclusions.map((_, index) => {
    const flag = shape.required + shape.optional + index + 1
    return sql`arrayExists(x -> ${flagged(x, flag)}, g)`
  })
  return sql`arrayMap(g -> (${timeOf(shape, sql`g[1]`)},
    arrayFold((sets, x) -> arrayDistinct(arrayConcat(sets,
      arrayFlatten(${extended(shape, sql`sets`)}))), g, ${noSteps}),
    toInt64(length(g)), CAST([${join(exclusions, ", ")}], 'Array(UInt8)')),
    arraySplit((x, d) -> d > 0, tied, arrayDifference(arrayMap(x ->
      ${timeOf(shape, x)}, tied))))`
}

/** The steps after `from` up to `to`, as the bits of a set. */
const between = (from: number, to: number): Sql => integer(2 ** to - 2 ** from)

/**
 * Two passes over the instants. The first keeps, for each step, the latest entry of an
 * attempt that reached it and can go on; it finds the furthest step and the first instant
 * that reaches it. The second looks only at the window before that instant and keeps, for
 * each step, the earliest attempt, which is the answer when the instant comes.
 */
const inSequence = (shape: FunnelShape): Sql => {
  const steps = upTo(shape.required)
  const window = int64(shape.windowMs)
  const reach = (from: number, to: number) =>
    sql`has(g.2, ${between(from, to)})${
      from === 0
        ? sql``
        : sql` AND acc.1[${integer(from)}] > 0
            AND g.1 - acc.1[${integer(from)}] <= ${window}`
    }`
  const entry = (from: number) => (from === 0 ? sql`g.1` : sql`acc.1[${integer(from)}]`)
  const entries = steps.map((to) => {
    const arrivals = [0, ...steps.slice(0, to - 1)].map(
      (from) => sql`if(${reach(from, to)}${goesOn(shape, from, to)}, ${entry(from)}, 0)`
    )
    const kept =
      shape.order === "strict"
        ? []
        : [sql`if(${survives(shape, to, to)}, acc.1[${integer(to)}], 0)`]
    return sql`arrayMax([${join([...kept, ...arrivals], ", ")}])`
  })
  const reached = steps.flatMap((to) =>
    [0, ...steps.slice(0, to - 1)].map(
      (from) => sql`if(${reach(from, to)}, ${integer(to)}, 0)`
    )
  )
  const first = sql`arrayFold((acc, g) -> (
      CAST([${join(entries, ", ")}], 'Array(Int64)'),
      greatest(acc.2, toInt64(arrayMax([${join(reached, ", ")}]))),
      if(arrayMax([${join(reached, ", ")}]) > acc.2, g.1, acc.3)), instants,
    (arrayResize([toInt64(0)], ${integer(shape.required)}, 0),
      toInt64(0), toInt64(0)))`
  return sql`arrayMap(instants -> arrayMap(best -> ${second(shape)}, [${first}])[1],
    [${instants(shape)}])[1]`
}

const second = (shape: FunnelShape): Sql => {
  const steps = upTo(shape.required)
  const from = (step: number) =>
    step === 0 ? sql`[toInt64(0)]` : sql`acc.1[${integer(step)}]`
  const attempt = (start: number, to: number) =>
    sql`arrayConcat(${from(start)}, arrayResize([g.1], ${integer(to - start)}, g.1))`
  const possible = (start: number, to: number) =>
    sql`has(g.2, ${between(start, to)})${
      start === 0 ? sql`` : sql` AND notEmpty(acc.1[${integer(start)}])`
    }`
  const earliest = (attempts: ReadonlyArray<Sql>) =>
    sql`arraySort(arrayFilter(t -> notEmpty(t),
      [CAST([], 'Array(Int64)'), ${join(attempts, ", ")}]))[1]`
  const arrivals = (to: number, onlyOpen: boolean) =>
    [0, ...steps.slice(0, to - 1)].map(
      (start) =>
        sql`if(${possible(start, to)}${
          onlyOpen ? goesOn(shape, start, to) : sql``
        }, ${attempt(start, to)}, [])`
    )
  const kept = (to: number) =>
    shape.order === "strict"
      ? []
      : [sql`if(${survives(shape, to, to)}, acc.1[${integer(to)}], [])`]
  const states = steps.map((to) => earliest([...kept(to), ...arrivals(to, true)]))
  const answers = steps.map(
    (to) => sql`if(best.2 = ${integer(to)}, ${earliest(arrivals(to, false))}, [])`
  )
  return sql`arrayPopFront(arrayFold((acc, g) -> (
      CAST([${join(states, ", ")}], 'Array(Array(Int64))'),
      if(notEmpty(acc.2), acc.2, arrayConcat(${join(answers, ", ")}))),
    arrayFilter(g -> g.1 BETWEEN best.3 - ${int64(shape.windowMs)} AND best.3, instants),
    (arrayResize([CAST([], 'Array(Int64)')], ${integer(shape.required)}),
      CAST([], 'Array(Int64)'))).2)`
}

/**
 * Whether an attempt that was at `from` before this instant and is at `to` after it can
 * go on from there. An exclusion of this instant ends it if its first step was filled
 * earlier; a strict attempt has to have used every event, unless it began here.
 */
const goesOn = (shape: FunnelShape, from: number, to: number): Sql =>
  shape.order === "strict" && from > 0
    ? sql` AND g.3 = ${integer(to - from)} AND ${survives(shape, from, to)}`
    : sql` AND ${survives(shape, from, to)}`

const survives = (shape: FunnelShape, from: number, to: number): Sql => {
  const ending = shape.exclusions.flatMap((exclusion, index) =>
    exclusion.from <= from && exclusion.from <= to && to < exclusion.to
      ? [sql`g.4[${integer(index + 1)}] = 0`]
      : []
  )
  return ending.length === 0 ? sql`1` : sql`(${join(ending, " AND ")})`
}

/**
 * The first pass keeps, for each set of steps that some events fill, the latest moment at
 * which the first of them can lie. The second starts with the first event of the window
 * and takes each event that lets one more step be filled: filling steps with events is a
 * matching, so what greed takes is both the most and the earliest.
 */
const unordered = (shape: FunnelShape): Sql => {
  const at = timeOf(shape, x)
  const window = int64(shape.windowMs)
  const grown = sql`arrayMap(b -> arrayMap((s, t) ->
      (bitOr(s, b), if(s = 0, ${at}, t)),
    arrayFilter((s, t) -> bitAnd(s, b) = 0 AND (s = 0 OR ${at} - t <= ${window}),
      acc.1, acc.2), arrayFilter((t, s) -> bitAnd(s, b) = 0
        AND (s = 0 OR ${at} - t <= ${window}), acc.2, acc.1)),
    bitmaskToArray(${stepsOf(shape, x)}))`
  const merged = sql`arrayReduce('maxMap',
    arrayPushBack(arrayMap(p -> [p.1], new), acc.1),
    arrayPushBack(arrayMap(p -> [p.2], new), acc.2))`
  const most = sql`toInt64(arrayMax(arrayPushBack(arrayMap(p -> bitCount(p.1), new), 0)))`
  const best = sql`arrayFold((acc, x) -> arrayMap(new -> (${merged}.1, ${merged}.2,
      if(${most} > acc.3, ${most}, acc.3), if(${most} > acc.3, ${at}, acc.4)),
    [arrayFlatten(${grown})])[1], tied,
    (${noSteps}, [toInt64(0)], toInt64(0), toInt64(0)))`
  return sql`arrayMap(best -> arrayFold((acc, x) -> arrayMap(sets ->
      if(notEmpty(sets), (sets, arrayPushBack(acc.2, ${at})), acc),
      [arrayDistinct(arrayFlatten(${extended(shape, sql`acc.1`)}))])[1],
    arrayFilter(x -> ${at} BETWEEN best.4 - ${window} AND best.4, tied),
    (${noSteps}, CAST([], 'Array(Int64)'))).2, [${best}])[1]`
}
