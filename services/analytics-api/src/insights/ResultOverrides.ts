import { commonFields } from "@analytics/analytics-core/query/Common"
import { TrendsRequest } from "@analytics/analytics-core/query/trends/TrendsRequest"
import { Schema } from "effect"

const { asOf, filters, from, range, timezone, to } = commonFields

/** What a result is asked with instead of what its query says; filters are added to its own. */
export const ResultOverrides = Schema.Struct({
  range,
  from,
  to,
  timezone,
  filters,
  compare: TrendsRequest.fields.compare,
  asOf,
  fresh: Schema.optionalKey(Schema.Boolean).annotate({
    description: "Asks anew, whatever was answered before"
  })
}).check(
  Schema.makeFilter(({ from, range, to }) => {
    if (range !== undefined && (from !== undefined || to !== undefined))
      return { path: ["range"], issue: "Give range, or from and to" }
    if ((from === undefined) !== (to === undefined))
      return {
        path: [from === undefined ? "from" : "to"],
        issue: "Give from and to, or range"
      }
    return undefined
  })
)
export type ResultOverrides = typeof ResultOverrides.Type
