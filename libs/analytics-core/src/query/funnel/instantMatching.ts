import { type Sql, sql } from "../Sql.ts"
import { type FunnelShape, flagsOf, stepsOf, x } from "./FunnelShape.ts"

/**
 * The sets of required steps that events can fill, one step an event: `sets` before the
 * event `x`, then with it. `wanted` names the steps that matter.
 */
export const extended = (shape: FunnelShape, sets: Sql, wanted?: Sql): Sql => {
  const steps = stepsOf(shape, x)
  const open = wanted === undefined ? steps : sql`bitAnd(${steps}, ${wanted})`
  return sql`arrayMap(s -> arrayMap(b -> bitOr(s, b),
    bitmaskToArray(bitAnd(${open}, bitNot(s)))), ${sets})`
}

export const noSteps = sql`[toUInt32(0)]`

/**
 * Which of the packed events `rest`, all of one instant, can fill `step` so that the others
 * still fill every step after it up to `last`.
 */
export const fitting = (shape: FunnelShape, rest: Sql, step: Sql, last: Sql): Sql => {
  const wanted = sql`toUInt32(bitShiftLeft(toUInt64(1), ${last})
    - bitShiftLeft(toUInt64(1), ${step}))`
  return sql`arrayFilter(e -> bitTest(${flagsOf(shape, sql`e`)}, ${step} - 1)
    AND has(arrayFold((sets, x) -> arrayDistinct(arrayConcat(sets,
      arrayFlatten(${extended(shape, sql`sets`, wanted)}))),
      ${without(rest, sql`e`)}, ${noSteps}), ${wanted}), arrayDistinct(${rest}))`
}

/** `list` with one element that equals `item` left out. */
export const without = (list: Sql, item: Sql): Sql =>
  sql`arrayConcat(arraySlice(${list}, 1, indexOf(${list}, ${item}) - 1),
    arraySlice(${list}, indexOf(${list}, ${item}) + 1))`
