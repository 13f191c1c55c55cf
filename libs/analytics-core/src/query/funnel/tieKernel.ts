import { int64, integer, join, type Sql, sql } from "../Sql.ts"
import { type FunnelShape, flagged, stepsOf, timeOf, x } from "./FunnelShape.ts"
import { extended, noSteps } from "./instantMatching.ts"

/**
 * `times` for any funnel, as one expression over `tied`: attempts that an exclusion ended,
 * and events of one instant that match several steps, where which event fills which step
 * is a matching. Several times slower than the linear kernel, so for few people only.
 */
export const tieKernel = (shape: FunnelShape): Sql =>
  shape.order === "unordered" ? unordered(shape) : inSequence(shape)

/** One element an instant: its time, its sets of steps, its events, its exclusions. */
const instants = (shape: FunnelShape): Sql => {
  const exclusions = shape.exclusions.map((_, index) => {
    const flag = shape.required + shape.optional + index + 1
    return sql`arrayExists(x -> ${flagged(shape, x, flag)}, g)`
  })
  return sql`arrayMap(g -> (${timeOf(shape, sql`g[1]`)},
    arrayFold((sets, x) -> arrayDistinct(arrayConcat(sets,
      arrayFlatten(${extended(shape, sql`sets`)}))), g, ${noSteps}),
    toInt64(length(g)), CAST([${join(exclusions, ", ")}], 'Array(UInt8)')),
    arraySplit((x, d) -> d > 0, tied, arrayDifference(arrayMap(x ->
      ${timeOf(shape, x)}, tied))))`
}

/**
 * Two passes over the instants. The first keeps, for each step, the latest entry of an
 * attempt that reached it and can go on; it finds the furthest step and the first instant
 * that reaches it. The second looks only at the window before that instant and keeps, for
 * each step, the earliest attempt, which is the answer when the instant comes. Steps are
 * elements rather than columns, so that the text does not grow with them.
 */
const inSequence = (shape: FunnelShape): Sql => {
  const steps = sql`range(1, ${integer(shape.required + 1)})`
  const arrived = sql`arrayMap(entries -> arrayMap(to -> arrayMap(from ->
      if(${between} AND entries[from + 1] > 0
        AND g.1 - entries[from + 1] <= ${int64(shape.windowMs)}, entries[from + 1], 0),
    range(to)), ${steps}), [arrayPushFront(acc.1, g.1)])[1]`
  const latest = sql`arrayMap((arrivals, to, kept) -> greatest(
      if(${stays(shape)}, kept, 0),
      arrayMax(arrayMap((entry, from) -> if(${goesOn(shape)}, entry, 0),
        arrivals, range(to)))), arrived, ${steps}, acc.1)`
  const reached = sql`toInt64(arrayMax(arrayMap((arrivals, to) ->
    if(arrayMax(arrivals) > 0, to, 0), arrived, ${steps})))`
  const first = sql`arrayFold((acc, g) -> arrayMap(arrived -> (${latest},
      greatest(acc.2, ${reached}), if(${reached} > acc.2, g.1, acc.3)), [${arrived}])[1],
    instants, (arrayResize([toInt64(0)], ${integer(shape.required)}, 0),
      toInt64(0), toInt64(0)))`
  return sql`arrayMap(instants -> arrayMap(best -> ${second(shape, steps)}, [${first}])[1],
    [${instants(shape)}])[1]`
}

/** An attempt is its times behind a zero, so that the one without a step is not empty. */
const second = (shape: FunnelShape, steps: Sql): Sql => {
  const arrived = sql`arrayMap(attempts -> arrayMap(to -> arrayMap(from ->
      if(${between} AND notEmpty(attempts[from + 1]), arrayConcat(attempts[from + 1],
        arrayResize([g.1], to - from, g.1)), []),
    range(to)), ${steps}), [arrayPushFront(acc.1, [toInt64(0)])])[1]`
  const earliest = (attempts: Sql) =>
    sql`arraySort(arrayFilter(t -> notEmpty(t), ${attempts}))[1]`
  const open = sql`arrayMap((attempt, from) -> if(${goesOn(shape)}, attempt, []),
    arrivals, range(to))`
  const states = sql`arrayMap((arrivals, to, kept) -> ${earliest(
    sql`arrayPushBack(${open}, if(${stays(shape)}, kept, []))`
  )}, arrived, ${steps}, acc.1)`
  return sql`arrayPopFront(arrayFold((acc, g) -> arrayMap(arrived -> (${states},
      if(notEmpty(acc.2), acc.2, ${earliest(sql`arrived[best.2]`)})), [${arrived}])[1],
    arrayFilter(g -> g.1 BETWEEN best.3 - ${int64(shape.windowMs)} AND best.3, instants),
    (arrayResize([CAST([], 'Array(Int64)')], ${integer(shape.required)}),
      CAST([], 'Array(Int64)'))).2)`
}

/** Whether events of the instant can fill the steps after `from` up to `to`. */
const between = sql`has(g.2, toUInt32(bitShiftLeft(toUInt64(1), to)
  - bitShiftLeft(toUInt64(1), from)))`

/**
 * Whether an attempt that was at `from` before this instant and is at `to` after it can
 * go on from there. An exclusion of this instant ends it if its first step was filled
 * earlier; a strict attempt has to have used every event, unless it began here.
 */
const goesOn = (shape: FunnelShape): Sql =>
  shape.order === "strict"
    ? sql`(from = 0 OR g.3 = to - from) AND ${survives(shape, sql`from`)}`
    : survives(shape, sql`from`)

/** Whether an attempt at `to` may let this instant pass. */
const stays = (shape: FunnelShape): Sql =>
  shape.order === "strict" ? sql`0` : survives(shape, sql`to`)

const survives = ({ exclusions }: FunnelShape, from: Sql): Sql => {
  const ends = (end: "from" | "to") =>
    join(
      exclusions.map((exclusion) => integer(exclusion[end])),
      ", "
    )
  return exclusions.length === 0
    ? sql`1`
    : sql`NOT arrayExists((isHere, begins, ends) ->
        isHere AND begins <= ${from} AND to < ends, g.4, [${ends("from")}], [${ends("to")}])`
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
