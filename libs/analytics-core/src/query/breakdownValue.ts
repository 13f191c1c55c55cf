import { Schema } from "effect"
import type { Value } from "./Values.ts"

/** A value that events were grouped by, in its JSON type. */
export const BreakdownValue = Schema.NullOr(
  Schema.Union([
    Schema.String,
    Schema.Finite,
    Schema.Boolean,
    Schema.Array(Schema.Unknown),
    Schema.Record(Schema.String, Schema.Unknown)
  ])
)
export type BreakdownValue = typeof BreakdownValue.Type

/**
 * A breakdown's stored text as the JSON value it was; null when it was missing. An integer
 * whose digits a double cannot hold leaves as a string of them.
 */
export const breakdownValue = (kind: Value["kind"], text: string): BreakdownValue => {
  if (text === "") return null
  if (kind === "plain") return text
  const value: BreakdownValue = JSON.parse(text, exactInteger)
  return value
}

/** `context` is what the source says; TypeScript's library does not know it yet. */
const exactInteger = (_: string, value: unknown, context?: { source?: string }) =>
  Number.isInteger(value) &&
  !Number.isSafeInteger(value) &&
  /^-?\d+$/u.test(context?.source ?? "")
    ? context?.source
    : value
