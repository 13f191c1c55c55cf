import { Schema } from "effect"

/** ISO 8601 with an offset, to the millisecond, as text. */
export const Instant = Schema.String.check(
  Schema.isPattern(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/u,
    { expected: "an ISO 8601 instant with an offset" }
  ),
  Schema.makeFilter((text) =>
    Number.isNaN(Date.parse(text)) ? "Expected an instant that exists" : undefined
  )
)
