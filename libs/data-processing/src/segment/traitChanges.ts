import {
  CLEAR,
  changeNames,
  UNSET
} from "@analytics/analytics-core/query/traits/traitChanges"
import { isJsonObject, type Json, type JsonObject } from "../ExactJson.ts"

/**
 * Traits as queries understand them: `$unset` may name one or a list of them, too. Or why
 * they are refused: a reserved name that holds what changes nothing would be lost unseen.
 */
export const readTraits = (traits: JsonObject): JsonObject | string => {
  let read = traits
  for (const [name] of changeNames) {
    const value = traits[name]
    if (value === undefined || value === null) continue
    if (name === UNSET) {
      const unset = unsetOf(value)
      if (unset === undefined)
        return `traits.${name} must name what to end: send a list of names, or an object of names that are true`
      if (unset !== value) read = { ...read, [name]: unset }
    } else if (name === CLEAR) {
      if (typeof value !== "boolean") return `traits.${name} must be true: send it so`
    } else if (!isJsonObject(value))
      return `traits.${name} must be an object: send by name how each trait changes`
  }
  return read
}

const unsetOf = (value: Json): JsonObject | undefined => {
  if (isJsonObject(value)) return Object.values(value).every(isEnd) ? value : undefined
  const names: ReadonlyArray<Json> = Array.isArray(value) ? value : [value]
  return names.every((name) => typeof name === "string")
    ? Object.fromEntries(names.map((name) => [name, true]))
    : undefined
}

/** An object ends what lies below. */
const isEnd = (value: Json | undefined): boolean =>
  value === null || typeof value === "boolean" || isJsonObject(value)
