import type { Json, JsonObject } from "../ExactJson.ts"
import { objectIn, traitsOf } from "./plain.ts"
import type { Fields } from "./posthogContext.ts"

/** The changes of a person's traits, if there are any. */
export const traitsIn = (
  item: JsonObject,
  given: JsonObject
): JsonObject | undefined => {
  const set = both(item["$set"], given["$set"])
  const setOnce = both(item["$set_once"], given["$set_once"])
  const unset = bothNames(namesIn(item["$unset"]), namesIn(given["$unset"]))
  if (set === undefined && setOnce === undefined && unset === undefined)
    return undefined
  return traitsOf({ set, setOnce, unset })
}

/** What stands beside the properties goes before what stands in them. */
const both = (
  beside: Json | undefined,
  inside: Json | undefined
): JsonObject | undefined => {
  const first = someIn(beside)
  const second = someIn(inside)
  return first !== undefined && second !== undefined
    ? { ...second, ...first }
    : (first ?? second)
}

export const someIn = (value: Json | undefined): JsonObject | undefined => {
  const object = objectIn(value)
  if (object !== undefined) for (const _ in object) return object
  return undefined
}

const bothNames = (
  beside: ReadonlyArray<string> | undefined,
  inside: ReadonlyArray<string> | undefined
): ReadonlyArray<string> | undefined =>
  beside !== undefined && inside !== undefined
    ? [...beside, ...inside]
    : (beside ?? inside)

const namesIn = (value: Json | undefined): ReadonlyArray<string> | undefined => {
  const object = objectIn(value)
  const names =
    object === undefined
      ? Array.isArray(value)
        ? value.filter((name): name is string => typeof name === "string")
        : []
      : Object.keys(object)
  return names.length === 0 ? undefined : names
}

/** The properties, with changes of traits that stand beside them and change nothing. */
export const withChanges = (item: JsonObject, given: JsonObject): JsonObject => {
  const beside: Fields = {}
  for (const name of ["$set", "$set_once", "$unset"]) {
    const value = item[name] ?? null
    if (value !== null && given[name] === undefined) beside[name] = value
  }
  return someIn(beside) === undefined ? given : { ...given, ...beside }
}
