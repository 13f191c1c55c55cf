import {
  type Condition,
  type Filter,
  type FilterOp,
  orderOps,
  type Scalar
} from "./Filter.ts"
import {
  and,
  float,
  floats,
  or,
  type Param,
  type Sql,
  sql,
  string,
  strings
} from "./Sql.ts"
import { bigIntegerText, storedTexts } from "./storedTexts.ts"
import type { Value, Values } from "./Values.ts"

/** Filters that all hold, as a condition (0 or 1, never NULL) on the columns of `values`. */
export const filtersSql = (filters: ReadonlyArray<Filter>, values: Values): Sql =>
  and(filters.map((filter) => filterSql(filter, values)))

const filterSql = (filter: Filter, values: Values): Sql => {
  if ("and" in filter) return filtersSql(filter.and, values)
  if ("or" in filter) return or(filter.or.map((member) => filterSql(member, values)))
  if ("not" in filter) return sql`NOT ${filterSql(filter.not, values)}`
  return conditionSql(filter, values.of(filter.property))
}

const complements: Partial<Record<FilterOp, FilterOp>> = {
  is_not: "is",
  not_contains: "contains",
  not_in: "in",
  is_not_set: "is_set"
}

const conditionSql = (condition: Condition, value: Value): Sql => {
  const positive = complements[condition.op]
  if (positive) return sql`NOT ${conditionSql({ ...condition, op: positive }, value)}`
  if (condition.op === "is_set") return sql`(${value.column} != '')`
  return value.kind === "plain"
    ? plainSql(condition, value.column)
    : jsonSql(condition, value.column)
}

/** A column that holds strings only, `''` for null. */
const plainSql = ({ op, value }: Condition, column: Sql): Sql => {
  if (op === "is" || op === "in") {
    const texts = scalars(value).flatMap((item) => storedTexts("plain", item))
    return sql`(${column} IN ${strings(texts)})`
  }
  const test = textTest(op, value, column)
  return test ? sql`(${column} != '' AND ${test})` : sql`0`
}

/** The JSON text of a leaf, `''` for null; an array matches if one of its elements does. */
const jsonSql = ({ op, value }: Condition, column: Sql): Sql => {
  const one = leafTest(op, value)
  const test = sql`(${one(column, false)} OR (startsWith(${column}, '[') AND arrayExists(e -> ${one(sql`e`, true)}, JSONExtractArrayRaw(${column}))))`
  if (op !== "contains" || typeof value !== "string") return test
  // Text that contains it also does so as JSON: most rows are out before they are decoded.
  const escaped = JSON.stringify(value.toWellFormed()).slice(1, -1)
  return sql`(position(${column}, ${string(escaped)}) > 0 AND ${test})`
}

type LeafTest = (leaf: Sql, isElement: boolean) => Sql

const leafTest = (op: FilterOp, value: Condition["value"]): LeafTest => {
  if (op === "is" || op === "in") {
    const wanted = scalars(value)
    return (leaf, isElement) =>
      isElement ? elementIsIn(leaf, wanted) : leafIsIn(leaf, wanted)
  }
  const range = numberTest(op, value)
  if (range) return (leaf) => sql`ifNull(${range(sql`toFloat64OrNull(${leaf})`)}, 0)`
  return (leaf) => {
    const test = textTest(op, value, unquoted(leaf))
    return test ? sql`(startsWith(${leaf}, '"') AND ${test})` : sql`0`
  }
}

const leafIsIn = (leaf: Sql, wanted: ReadonlyArray<Scalar>): Sql =>
  sql`(${leaf} IN ${strings(wanted.flatMap((item) => storedTexts("json", item)))})`

/** The engine writes elements in its own way, so they are compared by value. */
const elementIsIn = (element: Sql, wanted: ReadonlyArray<Scalar>): Sql => {
  const texts = wanted.filter((item) => typeof item === "string")
  const numbers = wanted.flatMap((item) =>
    // A set tells -0 from 0.
    typeof item === "number" ? [item === 0 ? 0 : item] : []
  )
  const words = wanted.flatMap((item) =>
    item === null || typeof item === "boolean"
      ? [JSON.stringify(item)]
      : bigIntegerText(item)
  )
  return or([
    ...(texts.length > 0
      ? [
          sql`(startsWith(${element}, '"') AND ${unquoted(element)} IN ${strings(texts)})`
        ]
      : []),
    ...(numbers.length > 0
      ? [sql`ifNull(toFloat64OrNull(${element}) IN ${floats(numbers)}, 0)`]
      : []),
    ...(words.length > 0 ? [sql`${element} IN ${strings(words)}`] : [])
  ])
}

const numberTest = (
  op: FilterOp,
  value: Condition["value"]
): ((number: Sql) => Sql) | undefined => {
  if (op === "between" && Array.isArray(value)) {
    const [lowest, highest] = value.map((bound) => float(Number(bound)))
    return lowest && highest
      ? (number) => sql`(${number} >= ${lowest} AND ${number} <= ${highest})`
      : undefined
  }
  const sign = isOrder(op) ? signs[op] : undefined
  return sign && typeof value === "number"
    ? (number) => sql`${number} ${sign} ${float(value)}`
    : undefined
}

const signs = { gt: sql`>`, gte: sql`>=`, lt: sql`<`, lte: sql`<=` }
const isOrder = (op: FilterOp): op is keyof typeof signs =>
  (orderOps as ReadonlyArray<string>).includes(op)

/** A test of decoded text; none when `op` is about numbers. */
const textTest = (
  op: FilterOp,
  value: Condition["value"],
  text: Sql
): Sql | undefined => {
  if (typeof value !== "string") return undefined
  if (op === "contains") return sql`position(${text}, ${string(value)}) > 0`
  if (op === "starts_with") return sql`startsWith(${text}, ${string(value)})`
  if (op === "ends_with") return sql`endsWith(${text}, ${string(value)})`
  return op === "matches" ? sql`match(${text}, ${pattern(value)})` : undefined
}

/** RE2 as it is documented: the engine's own default lets `.` match a line end. */
export const pattern = (value: string): Param => string(`(?-s)${value}`)

/** The string that a JSON text in quotes stands for. */
const unquoted = (json: Sql): Sql =>
  sql`if(position(${json}, '\\\\') = 0, substring(${json}, 2, length(${json}) - 2), JSONExtractString(${json}))`

const scalars = (value: Condition["value"]): ReadonlyArray<Scalar> =>
  isList(value) ? value : value === undefined ? [] : [value]

const isList = (value: Condition["value"]): value is ReadonlyArray<Scalar> =>
  Array.isArray(value)
