import { Instant } from "@analytics/analytics-core/query/Common"
import { Schema } from "effect"
import { projectQuery } from "../access/ProjectQuery.ts"
import { NewAlert } from "./AlertDefinition.ts"

const AlertId = Schema.String.check(Schema.isUUID())

export const AlertParams = Schema.Struct({ alertId: AlertId })

const limit = Schema.optionalKey(
  Schema.FiniteFromString.check(
    Schema.isInt(),
    Schema.isBetween({ minimum: 1, maximum: 1000 })
  )
)

/** Pages of what is named by ids. */
export const Listing = Schema.Struct({
  ...projectQuery,
  cursor: Schema.optionalKey(AlertId).annotate({
    description: "nextCursor of the page before"
  }),
  limit
})

/** Pages of what is named by instants. */
export const History = Schema.Struct({
  ...projectQuery,
  cursor: Schema.optionalKey(Instant).annotate({
    description: "nextCursor of the page before"
  }),
  limit
})

export const Backtest = Schema.Struct({
  alert: NewAlert,
  from: Instant,
  to: Instant
})

export const Mute = Schema.Struct({
  until: Schema.NullOr(Instant).annotate({ description: "null: not any more" })
}).annotate({ examples: [{ until: "2026-12-01T06:00:00Z" }] })
