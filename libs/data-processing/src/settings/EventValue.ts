import type { Json, JsonObject } from "../ExactJson.ts"
import type { InboxEvent } from "../InboxEvent.ts"

/** Where a value stands in an event, read from a path such as `user.address.city`. */
export interface ValuePath {
  readonly of: "properties" | "traits" | "context"
  readonly names: ReadonlyArray<string>
  /** The same below `context`, for traits. */
  readonly inContext: ReadonlyArray<string>
}

/** Paths as in questions: `cart.items`, `a\.b` for a dot in a name, `user.`, `context.`. */
export const valuePath = (text: string): ValuePath => {
  const names = namesOf(text)
  const [head, ...rest] = names
  if (rest.length > 0 && head === "user")
    return { of: "traits", names: rest, inContext: ["traits", ...rest] }
  if (rest.length > 0 && head === "context")
    return { of: "context", names: rest, inContext: rest }
  return { of: "properties", names, inContext: [] }
}

/** The names of a path in properties. */
export const namesOf = (path: string): ReadonlyArray<string> => {
  const names = [""]
  for (let at = 0; at < path.length; at++) {
    if (path[at] === "\\" && at + 1 < path.length)
      names.push(names.pop() + path.charAt(++at))
    else if (path[at] === ".") names.push("")
    else names.push(names.pop() + path.charAt(at))
  }
  return names
}

/** `undefined` where there is nothing, and for JSON null, which is the same. */
export const valueAt = (
  object: JsonObject | undefined,
  names: ReadonlyArray<string>
): Json | undefined => {
  let value: Json | undefined = object
  for (const name of names) {
    // A number that is kept as text has no member of a name that is asked for.
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return undefined
    if (!Object.hasOwn(value, name)) return undefined
    value = (value as JsonObject)[name]
  }
  return value ?? undefined
}

/** Traits stand in `d` of an identify, and in the context of all others. */
export const valueIn = (
  event: InboxEvent,
  { inContext, names, of }: ValuePath
): Json | undefined => {
  if (of === "properties") return valueAt(event.d, names)
  if (of === "context") return valueAt(event.c, names)
  return (
    (event.y === "identify" ? valueAt(event.d, names) : undefined) ??
    valueAt(event.c, inContext)
  )
}

export const textOf = (event: InboxEvent, path: ValuePath): string => {
  const value = valueIn(event, path)
  return typeof value === "string" ? value : ""
}
