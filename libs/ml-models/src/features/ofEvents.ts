import type { Filter } from "@analytics/analytics-core/query/Filter"
import { parseProperty } from "@analytics/analytics-core/query/Property"

/** Whether an event itself carries it: traits are of people and groups, and change. */
export const isOfEvents = (path: string): boolean => {
  const { of } = parseProperty(path)
  return of !== "user" && of !== "group"
}

export const pathsIn = (filter: Filter): ReadonlyArray<string> => {
  if ("and" in filter) return filter.and.flatMap(pathsIn)
  if ("or" in filter) return filter.or.flatMap(pathsIn)
  return "not" in filter ? pathsIn(filter.not) : [filter.property]
}
