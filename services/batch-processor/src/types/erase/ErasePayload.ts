import { EARLIEST, LATEST } from "@analytics/analytics-core/query/Sql"
import { Schema } from "effect"

const Id = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(4096),
  Schema.isPattern(/^[^\0]*$/u, { expected: "no NUL" })
)

/** Whom or what to erase. */
export const ErasePayload = Schema.Union([
  Schema.Struct({
    person: Id.annotate({ description: "Any userId or anonymousId of theirs" })
  }),
  Schema.Struct({
    ids: Schema.Array(Id)
      .check(Schema.isMinLength(1), Schema.isMaxLength(1000))
      .annotate({
        description: "Ids that are one person; those linked to them go, too"
      })
  }),
  Schema.Struct({
    from: Schema.DateFromString,
    to: Schema.DateFromString.annotate({
      description: "Events with from <= timestamp < to, whoever's"
    })
  }).check(
    Schema.makeFilter(({ from, to }) =>
      from < to ? undefined : { path: ["to"], issue: "to must lie after from" }
    )
  )
])
export type ErasePayload = typeof ErasePayload.Type

export const kindOf = (payload: ErasePayload): "person" | "range" =>
  "from" in payload ? "range" : "person"

export const idsOf = (payload: ErasePayload): ReadonlyArray<string> =>
  "person" in payload ? [payload.person] : "ids" in payload ? payload.ids : []

/** In epoch milliseconds, of the instants that the store can say: no event is beyond. */
export const rangeOf = (payload: ErasePayload) =>
  "from" in payload
    ? {
        from: between(EARLIEST, payload.from.getTime(), LATEST - 1),
        to: between(EARLIEST + 1, payload.to.getTime(), LATEST)
      }
    : undefined

const between = (least: number, value: number, most: number): number =>
  Math.min(Math.max(least, value), most)
