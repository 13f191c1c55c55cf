import { integer, type Sql, sql } from "../Sql.ts"
import {
  ADD,
  APPEND,
  END,
  isNumber,
  PREPEND,
  REMOVE,
  SET,
  SET_ONCE,
  UNION
} from "./traitChanges.ts"

/**
 * What is known of each trait before it is folded, from rows of one change each: `at`
 * (time, message), `kind`, `value` (JSON text), and the columns that name the trait, such
 * as `person, trait`. `last` is what set or ended it last; only what came since matters.
 * `ends` is when it ended last, if ever.
 */
export const statesSql = (rows: Sql, keys: Sql): Sql =>
  sql`SELECT ${keys}, maxIf((at, kind, value), kind <= ${integer(SET)}) AS last,
    if(countIf(kind = ${integer(END)}) = 0, [],
      [maxIf(at, kind = ${integer(END)})]) AS ends,
    groupArrayIf((at, kind, value), kind > ${integer(SET)}) AS changes
    FROM (${rows}) GROUP BY ${keys}`

/**
 * The traits that are there after all changes: the columns `keys`, `value` (JSON text) and
 * `changed_at` (time, message) of what came last.
 *
 * A trait is what it was set to, then numbers added up, then a list that grew: whatever
 * came before the last time it turned into another of these matters no more. So only the
 * changes of one list go one by one.
 */
export const foldSql = (states: Sql, keys: Sql): Sql => {
  const { firstDouble, sumOf } = addition
  // What one event does besides setting a trait comes after that.
  const lived = sql`SELECT ${keys}, last.1 AS set_at,
    if(last.2 = ${integer(SET)}, last.3, '') AS base,
    arraySort(arrayFilter(change -> change.1 >= last.1, changes)) AS tail
    FROM (${states})`
  const begun = sql`SELECT *, if(base != '', 1,
      arrayFirstIndex(change -> change.2 != ${integer(REMOVE)}, tail)) AS first,
    base = '' AND first > 0 AND tail[first].2 = ${integer(SET_ONCE)} AS is_once
    FROM (${lived})`
  const started = sql`SELECT ${keys}, if(is_once, tail[first].3, base) AS start,
    if(is_once, tail[first].1, set_at) AS start_at,
    arrayFilter(change -> change.2 != ${integer(SET_ONCE)},
      arraySlice(tail, if(first = 0, length(tail) + 1, first))) AS steps,
    arrayLastIndex(change -> change.2 = ${integer(ADD)}, steps) AS last_add,
    arrayLastIndex(change -> change.2 > ${integer(ADD)},
      arraySlice(steps, 1, last_add)) AS last_list
    FROM (${begun})`
  const parted = sql`SELECT ${keys}, start, start_at, steps, last_add,
    arraySlice(steps, last_add + 1) AS list_steps,
    arrayMap(change -> change.3,
      arraySlice(steps, last_list + 1, last_add - last_list)) AS addends,
    if(last_add > 0 AND last_list = 0 AND ${isNumber(sql`start`)},
      arrayPushFront(addends, start), addends) AS numbers
    FROM (${started})`
  const exact = sql`SELECT *, ${addition.exactSums} AS sums, ${firstDouble} AS first_double
    FROM (${parted})`
  const added = sql`SELECT ${keys}, start_at, steps, list_steps,
    if(last_add > 0, ${sumOf}, start) AS current FROM (${exact})`
  const ofLists = sql`SELECT *, if(empty(list_steps), [], arrayConcat(
      if(current = '', [], [(toUInt8(${integer(APPEND)}), current)]),
      arrayMap(change -> (change.2, change.3), list_steps))) AS lists FROM (${added})`
  const grouped = sql`SELECT *, ${itemsOf(sql`lists`)} AS items FROM (${ofLists})`
  const listed = sql`SELECT ${keys},
    if(empty(steps), start_at, steps[-1].1) AS changed_at,
    multiIf(notEmpty(lists), ${listOf(sql`items`)}, current = 'null', '', current) AS value
    FROM (${grouped})`
  return sql`SELECT * FROM (${listed}) WHERE value != ''`
}

const LOWEST = sql`toDecimal128('-9223372036854775808', 0)`
const HIGHEST = sql`toDecimal128('18446744073709551615', 0)`

const isExact = (sum: Sql): Sql => sql`(${sum} >= ${LOWEST} AND ${sum} <= ${HIGHEST})`

const isWhole = (text: Sql): Sql => sql`match(${text}, '^-?[0-9]{1,20}$')`

const whole = (text: Sql): Sql =>
  sql`toDecimal128(if(${isWhole(text)}, ${text}, '0'), 0)`

/** Of `numbers`: 64-bit integers exactly, and as doubles from the first that is none. */
const addition = {
  exactSums: sql`arrayCumSum(arrayMap(number -> ${whole(sql`number`)}, numbers))`,
  firstDouble: sql`arrayFirstIndex((number, sum) -> NOT (${isWhole(sql`number`)}
    AND ${isExact(whole(sql`number`))} AND ${isExact(sql`sum`)}), numbers, sums)`,
  sumOf: sql`if(first_double = 0, toString(sums[-1]), arrayMap(double ->
    multiIf(NOT isFinite(double), 'null', double = 0, '0',
      replaceRegexpOne(toString(double), 'e([0-9])', 'e+\\\\1')),
    [arrayCumSum(arrayMap(number -> toFloat64(number), arrayConcat(
      if(first_double > 1, [toString(sums[first_double - 1])], []),
      arraySlice(numbers, first_double))))[-1]])[1])`
}

/** Names in quotes, brackets, commas, and what lies between them. */
const TOKENS = sql`'"(?:[^"\\\\\\\\]|\\\\\\\\.)*"|[\\\\[\\\\]{},]|[^"\\\\[\\\\]{},]+'`

/**
 * The elements of a JSON list as the texts that they are (the engine's own functions would
 * write them anew); a value that is no list is one element.
 */
const elementsOf = (json: Sql): Sql => {
  const tokens = sql`extractAll(substring(${json}, 2, length(${json}) - 2), ${TOKENS})`
  return sql`if(startsWith(${json}, '['), arrayMap(part ->
      arrayStringConcat(if(part[1] = ',', arraySlice(part, 2), part)),
      arraySplit((token, depth) -> token = ',' AND depth = 0, ${tokens},
        arrayCumSum(arrayMap(token -> multiIf(token IN ('[', '{'), 1,
          token IN (']', '}'), -1, 0), ${tokens})))), [${json}])`
}

/** Of lists, each (kind, JSON text): every element, its list, its place there, and the kind. */
const itemsOf = (lists: Sql): Sql => sql`arraySort(arrayFlatten(arrayMap((list, nth) ->
  arrayMap((element, place) -> (element, toInt64(nth), place, list.1),
    ${elementsOf(sql`list.2`)} AS elements, arrayEnumerate(elements)),
  ${lists}, arrayEnumerate(${lists}))))`

/**
 * The list that is made of sorted items. What happens to an element depends on those alone
 * that equal it: a removal takes away all before it, and a union is nothing where there is
 * one. So the work grows with the items, not with items times lists.
 */
const listOf = (items: Sql): Sql => {
  const equal = sql`arraySplit((item, before) -> item.1 != before, ${items},
    arrayShiftRight(tupleElement(${items}, 1), 1))`
  const left = sql`arrayFlatten(arrayMap(same -> arrayFilter(
    (item, nth) -> item.4 != ${integer(UNION)} OR nth = 1,
    arraySlice(same, arrayLastIndex(item -> item.4 = ${integer(REMOVE)}, same) + 1) AS alive,
    arrayEnumerate(alive)), ${equal}))`
  return sql`concat('[', arrayStringConcat(tupleElement(arraySort(item ->
    (if(item.4 = ${integer(PREPEND)}, -item.2, item.2), item.3), ${left}), 1), ','), ']')`
}
