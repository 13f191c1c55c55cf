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
 */
export const statesSql = (rows: Sql, keys: Sql): Sql =>
  sql`SELECT ${keys}, maxIf((at, kind, value), kind <= ${integer(SET)}) AS last,
    groupArrayIf(at, kind = ${integer(END)}) AS ends,
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
  const listed = sql`SELECT ${keys},
    if(empty(steps), start_at, steps[-1].1) AS changed_at,
    multiIf(notEmpty(list_steps), ${listOf}, current = 'null', '', current) AS value
    FROM (${added})`
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

const listOf: Sql = sql`concat('[', arrayStringConcat(arrayFold((elements, step) ->
  multiIf(
    step.1 = ${integer(PREPEND)}, arrayConcat(step.2, elements),
    step.1 = ${integer(APPEND)}, arrayConcat(elements, step.2),
    step.1 = ${integer(UNION)}, arrayConcat(elements,
      arrayFilter(element -> NOT has(elements, element), arrayDistinct(step.2))),
    arrayFilter(element -> NOT has(step.2, element), elements)),
  arrayMap(change -> (change.2, ${elementsOf(sql`change.3`)}), list_steps),
  if(current = '', CAST([], 'Array(String)'), ${elementsOf(sql`current`)})), ','), ']')`
