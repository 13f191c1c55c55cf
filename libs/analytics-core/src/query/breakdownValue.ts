import type { Schema } from "effect"
import type { Value } from "./Values.ts"

/**
 * A breakdown's stored text as the JSON value it was; null when it was missing. An integer
 * whose digits a double cannot hold leaves as a string of them.
 */
export const breakdownValue = (kind: Value["kind"], text: string): Schema.Json => {
  if (text === "") return null
  if (kind === "plain") return text
  const value: Schema.Json = JSON.parse(text)
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? text : value
}
