import { commonFields } from "@analytics/analytics-core/query/Common"
import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import { nestsDeeperThan } from "@analytics/analytics-core/query/nesting"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { TrendsRequest } from "@analytics/analytics-core/query/trends/TrendsRequest"
import { Effect, Schema } from "effect"

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
    if (from !== undefined && to !== undefined && Date.parse(to) <= Date.parse(from))
      return { path: ["to"], issue: "to must lie after from" }
    return undefined
  })
)
export type ResultOverrides = typeof ResultOverrides.Type

const decode = decodeStrictly(ResultOverrides)

/** An absent body changes nothing. */
export const readOverrides = (
  body: unknown
): Effect.Effect<ResultOverrides, QueryInvalid> =>
  nestsDeeperThan(body, MAX_NESTING)
    ? Effect.fail(
        QueryInvalid.at("", `At most ${MAX_NESTING} levels of arrays and objects`)
      )
    : decode(body ?? {})

const MAX_NESTING = 100

export const resultExample = {
  range: "last_7d",
  filters: [{ property: "$country", op: "is", value: "DE" }]
}
