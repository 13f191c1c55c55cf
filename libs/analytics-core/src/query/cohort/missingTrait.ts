import type { Condition, Filter } from "../Filter.ts"

/** Whether a filter holds of somebody who has none of the traits it names. */
export const holdsOfNothing = (filter: Filter): boolean => {
  if ("and" in filter) return filter.and.every(holdsOfNothing)
  if ("or" in filter) return filter.or.some(holdsOfNothing)
  if ("not" in filter) return !holdsOfNothing(filter.not)
  return conditionOfNothing(filter)
}

/** Null and missing are one value. */
const conditionOfNothing = ({ op, value }: Condition): boolean => {
  switch (op) {
    case "is":
      return value === null
    case "is_not":
      return value !== null
    case "in":
      return Array.isArray(value) && value.includes(null)
    case "not_in":
      return !(Array.isArray(value) && value.includes(null))
    case "is_not_set":
    case "not_contains":
      return true
    default:
      return false
  }
}
