import { Predicate } from "effect"

/** A text, or the name of a field, that Postgres' JSON cannot hold. */
const isUnstorable = (text: string): boolean =>
  text.includes("\0") || !text.isWellFormed()

/** A value as JSON that Postgres can hold: what it cannot becomes U+FFFD. */
export const storableJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][\da-f]{2})/giu,
    "$1\\ufffd"
  )

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
