import type { Json, JsonObject } from "../ExactJson.ts"

/** Where a client's own properties go whose names the protocol takes. */
const CLASHES = "props"

/**
 * A client's own properties, and beside them what its protocol says of the event. Where
 * both have a name, the client's value moves into `props`, or `props_` if there is such a
 * property already: nothing is lost.
 */
export const propertiesOf = (own: JsonObject, said: JsonObject): JsonObject => {
  let clashes: Array<readonly [string, Json]> | undefined
  for (const name in said)
    if (Object.hasOwn(own, name)) {
      clashes ??= []
      clashes.push([name, own[name] as Json])
    }
  const both = { ...own, ...said }
  if (clashes === undefined) return both
  let free = CLASHES
  while (Object.hasOwn(both, free)) free += "_"
  return { ...both, [free]: Object.fromEntries(clashes) }
}

/** The members of `object` that are not `known` and not `null`; `undefined` if none. */
export const restOf = (
  object: JsonObject,
  known: ReadonlySet<string>
): JsonObject | undefined => {
  let rest: Array<readonly [string, Json]> | undefined
  for (const name in object) {
    if (known.has(name)) continue
    const value = object[name]
    if (value === undefined || value === null) continue
    rest ??= []
    rest.push([name, value])
  }
  return rest && Object.fromEntries(rest)
}
