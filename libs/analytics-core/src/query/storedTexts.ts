import type { Value } from "./Values.ts"

/**
 * The texts that a column of that kind holds for a JSON value, as a client or an answer
 * writes it. Stored text is canonical, so that equal text is equal value and type.
 */
export const storedTexts = (
  kind: Value["kind"],
  value: unknown
): ReadonlyArray<string> => {
  if (value === null || value === undefined) return [""]
  if (kind === "plain") return typeof value === "string" && value !== "" ? [value] : []
  const leaf = typeof value === "string" ? value.toWellFormed() : value
  return [JSON.stringify(leaf), ...bigIntegerText(value)]
}

/** Integers beyond 2^53 leave as strings, so a string of such digits means both. */
export const bigIntegerText = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string" &&
  /^-?[1-9]\d{15,19}$/u.test(value) &&
  !Number.isSafeInteger(Number(value))
    ? [value]
    : []
