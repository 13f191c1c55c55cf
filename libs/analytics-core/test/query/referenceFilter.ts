import type { Schema } from "effect"
import type { Condition, Filter } from "../../src/query/Filter.ts"

/** What a property path holds for the event at hand; null when it is missing. */
export type Lookup = (path: string) => Schema.Json

/** Filters as semantics define them, in a few lines that know no SQL. */
export const holds = (filter: Filter, lookup: Lookup): boolean => {
  if ("and" in filter) return filter.and.every((member) => holds(member, lookup))
  if ("or" in filter) return filter.or.some((member) => holds(member, lookup))
  if ("not" in filter) return !holds(filter.not, lookup)
  const value = lookup(filter.property)
  switch (filter.op) {
    case "is_not":
      return !matches({ ...filter, op: "is" }, value)
    case "not_contains":
      return !matches({ ...filter, op: "contains" }, value)
    case "not_in":
      return !matches({ ...filter, op: "in" }, value)
    case "is_set":
      return value !== null
    case "is_not_set":
      return value === null
    default:
      return matches(filter, value)
  }
}

const matches = (condition: Condition, value: Schema.Json): boolean =>
  Array.isArray(value)
    ? value.some((element) => leafMatches(condition, element))
    : leafMatches(condition, value)

const leafMatches = ({ op, value: asked }: Condition, leaf: Schema.Json): boolean => {
  if (op === "is") return same(leaf, asked)
  if (op === "in") return list(asked).some((item) => same(leaf, item))
  if (typeof leaf === "number") {
    if (op === "between") {
      const [low, high] = list(asked)
      return leaf >= Number(low) && leaf <= Number(high)
    }
    const bound = Number(asked)
    if (op === "gt") return leaf > bound
    if (op === "gte") return leaf >= bound
    if (op === "lt") return leaf < bound
    if (op === "lte") return leaf <= bound
  }
  if (typeof leaf !== "string" || typeof asked !== "string") return false
  if (op === "contains") return leaf.includes(asked)
  if (op === "starts_with") return leaf.startsWith(asked)
  if (op === "ends_with") return leaf.endsWith(asked)
  return op === "matches" && new RegExp(asked, "u").test(leaf)
}

const same = (leaf: Schema.Json, asked: unknown): boolean =>
  leaf === asked && typeof leaf !== "object" ? true : leaf === null && asked === null

const list = (value: unknown): ReadonlyArray<unknown> =>
  Array.isArray(value) ? value : []
