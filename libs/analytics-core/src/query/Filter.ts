import { Schema } from "effect"
import { PropertyPath } from "./Property.ts"

export const equalityOps = ["is", "is_not"] as const
export const textOps = [
  "contains",
  "not_contains",
  "starts_with",
  "ends_with",
  "matches"
] as const
export const orderOps = ["gt", "gte", "lt", "lte"] as const
export const listOps = ["in", "not_in"] as const
export const presenceOps = ["is_set", "is_not_set"] as const

export type FilterOp =
  | (typeof equalityOps)[number]
  | (typeof textOps)[number]
  | (typeof orderOps)[number]
  | (typeof listOps)[number]
  | (typeof presenceOps)[number]
  | "between"

const FilterOp = Schema.Literals([
  ...equalityOps,
  ...textOps,
  ...orderOps,
  "between",
  ...listOps,
  ...presenceOps
])

/** A JSON leaf. Types are distinct: `1` is not `"1"`. */
const Scalar = Schema.NullOr(
  Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])
)
export type Scalar = typeof Scalar.Type

const Value = Schema.Union([Scalar, Schema.Array(Scalar)])

/** `value` is what `op` asks for; see `faultOfValue`. */
const Condition = Schema.Struct({
  property: PropertyPath,
  op: FilterOp,
  value: Schema.optionalKey(Value)
}).check(
  Schema.makeFilter((condition) => {
    const detail = faultOfValue(condition.op, condition.value)
    return detail === undefined ? undefined : { path: ["value"], issue: detail }
  })
)
export type Condition = typeof Condition.Type

/** Two-valued: every filter is true or false of an event, and `not` is its complement. */
export type Filter =
  | Condition
  | { readonly and: ReadonlyArray<Filter> }
  | { readonly or: ReadonlyArray<Filter> }
  | { readonly not: Filter }

const nested = Schema.suspend((): Schema.Codec<Filter> => Filter)

export const Filter: Schema.Codec<Filter> = Schema.Union([
  Condition,
  Schema.Struct({ and: Schema.Array(nested) }),
  Schema.Struct({ or: Schema.Array(nested) }),
  Schema.Struct({ not: nested })
])

const MAX_DEPTH = 32

/** Filters that all hold. */
export const Filters = Schema.Array(Filter).check(
  Schema.makeFilter((filters) =>
    depth(filters) > MAX_DEPTH
      ? `At most ${MAX_DEPTH} filters inside each other`
      : undefined
  )
)

const members = (filter: Filter): ReadonlyArray<Filter> => {
  if ("and" in filter) return filter.and
  if ("or" in filter) return filter.or
  return "not" in filter ? [filter.not] : []
}

const depth = (filters: ReadonlyArray<Filter>): number =>
  filters.reduce((deepest, filter) => Math.max(deepest, 1 + depth(members(filter))), 0)

/** The conditions of all filters in a request, and the groups they are in. */
export const conditionsIn = (request: unknown): number => {
  if (typeof request !== "object" || request === null) return 0
  const own = filterKeys.some((key) => Object.hasOwn(request, key)) ? 1 : 0
  return Object.values(request).reduce(
    (sum: number, member) => sum + conditionsIn(member),
    own
  )
}

const filterKeys = ["op", "and", "or", "not"]

const MAX_LIST = 10_000
const MAX_PATTERN = 1000

/** Why `value` is not what `op` asks for. */
const faultOfValue = (op: FilterOp, value: unknown): string | undefined => {
  if (isOneOf(presenceOps, op))
    return value === undefined ? undefined : `${op} takes no value`
  if (value === undefined) return "Missing key"
  if (isOneOf(equalityOps, op)) return faultOfScalar(value)
  if (isOneOf(listOps, op)) {
    if (!Array.isArray(value)) return `${op} takes an array`
    if (value.length > MAX_LIST) return `At most ${MAX_LIST} values`
    return value.map(faultOfScalar).find((fault) => fault !== undefined)
  }
  if (isOneOf(orderOps, op))
    return typeof value === "number" ? undefined : `${op} takes a number`
  if (op === "between")
    return Array.isArray(value) &&
      value.length === 2 &&
      value.every((bound) => typeof bound === "number")
      ? undefined
      : "between takes two numbers: [lowest, highest]"
  if (typeof value !== "string") return `${op} takes a string`
  if (op !== "matches") return undefined
  if (value.length > MAX_PATTERN) return `At most ${MAX_PATTERN} characters`
  return value.includes("\0") ? "A pattern holds no NUL" : undefined
}

/** A double has lost the digits of such an integer before we see it. */
const faultOfScalar = (value: unknown): string | undefined => {
  if (Array.isArray(value)) return "Expected one value"
  return Number.isInteger(value) && !Number.isSafeInteger(value)
    ? "Write an integer beyond 2^53 as a string of its digits"
    : undefined
}

const isOneOf = <const T extends ReadonlyArray<string>>(
  list: T,
  op: string
): op is T[number] => list.includes(op)
