import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Effect } from "effect"

/** Whether a `Prefer` header (RFC 7240) asks for `respond-async`. */
export const prefersAsync = (prefer: string | undefined): boolean =>
  (prefer ?? "")
    .split(",")
    .some((part) => /^respond-async$/iu.test(part.split(";")[0]?.trim() ?? ""))

const GROUP = /^[\w.:-]{1,64}$/u

/** The queries of one group share a part of what the project may run at once. */
export const concurrencyGroup = (
  header: string | undefined
): Effect.Effect<{ readonly group?: string }, QueryInvalid> => {
  if (header === undefined) return Effect.succeed({})
  return GROUP.test(header)
    ? Effect.succeed({ group: header })
    : Effect.fail(
        QueryInvalid.at(
          "",
          "The header Concurrency-Group has 1 to 64 letters, digits, dots, colons, dashes or underscores"
        )
      )
}
