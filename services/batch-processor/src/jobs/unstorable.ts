import { Predicate } from "effect"

/** A text, or the name of a field, that Postgres' JSON cannot hold. */
const isUnstorable = (text: string): boolean =>
  text.includes("\0") || !text.isWellFormed()

/** Where a JSON value has one: a JSON pointer, the whole value being the empty text. */
export const unstorableIn = (value: unknown, pointer = ""): string | undefined => {
  if (typeof value === "string") return isUnstorable(value) ? pointer : undefined
  if (!Predicate.isObjectKeyword(value)) return undefined
  for (const [name, member] of Object.entries(value)) {
    if (isUnstorable(name)) return pointer
    const escaped = name.replaceAll("~", "~0").replaceAll("/", "~1")
    const found = unstorableIn(member, `${pointer}/${escaped}`)
    if (found !== undefined) return found
  }
  return undefined
}
