import { Schema } from "effect"
import { Instant } from "../Common.ts"

/** Characters of a query. */
export const MAX_QUERY = 65_536
export const MAX_ROWS = 10_000
const MAX_PARAMS = 100

const Scalar = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean, Schema.Null])

/** A value of a `{name:Type}` placeholder. */
export const SqlParam = Schema.Union([
  Scalar,
  Schema.Array(Scalar).check(Schema.isMaxLength(10_000))
])
export type SqlParam = typeof SqlParam.Type

const ParamName = Schema.String.check(
  Schema.isPattern(/^[A-Za-z][A-Za-z0-9_]{0,63}$/u, {
    expected: "a name of letters, digits and underscores"
  })
)

const viewsDocumentation = `One SELECT in ClickHouse's dialect over the views of the project; joins, subqueries, CTEs and window functions included.

\`events\`: message_id, event, type, timestamp, received_at, user_id, anonymous_id, person_id, properties, context, browser, os, device, country, referrer_domain, channel, utm_source … utm_content, path, group_type, group_id, is_bot.
\`people\`: person_id, ids, traits, first_seen, last_seen.
\`sessions\`: person_id, start, end, duration_seconds, events, entry, exit.

\`properties\`, \`context\` and \`traits\` are maps of path to JSON text: \`JSONExtractString(properties['plan'])\`, \`toFloat64OrNull(properties['cart.total'])\`. Times are UTC.
Allowed are pure functions; SETTINGS, FORMAT, PREWHERE, table functions and other tables are not.`

/** `kind: "sql"`: one SELECT over the project's own views. */
export const SqlRequest = Schema.Struct({
  kind: Schema.Literal("sql"),
  query: Schema.String.check(
    Schema.isMinLength(1),
    Schema.isMaxLength(MAX_QUERY)
  ).annotate({
    description: viewsDocumentation
  }),
  params: Schema.optionalKey(
    Schema.Record(ParamName, SqlParam).check(Schema.isMaxProperties(MAX_PARAMS))
  ).annotate({
    description:
      "Values of the `{name:Type}` placeholders, all of them. A type is String, Bool, UUID, (U)Int8 … 64, Float32 or 64, Date, DateTime, DateTime64(3), Nullable or Array of one"
  }),
  asOf: Schema.optionalKey(Instant),
  includeBots: Schema.optionalKey(Schema.Boolean),
  limit: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_ROWS })).annotate({
      description: `Rows of the answer, ${MAX_ROWS} unless asked; \`truncated\` tells whether there were more`
    })
  )
})
export type SqlRequest = typeof SqlRequest.Type

const Column = Schema.Struct({
  name: Schema.String,
  type: Schema.String.annotate({ description: "As ClickHouse names it" })
})

export const SqlResult = Schema.Struct({
  columns: Schema.Array(Column),
  rows: Schema.Array(Schema.Array(Schema.Unknown)).annotate({
    description:
      "By position; 64-bit integers are strings, instants `YYYY-MM-DD hh:mm:ss.SSS` in UTC"
  }),
  truncated: Schema.Boolean.annotate({
    description: "Whether there were more rows than `limit`"
  })
})
export type SqlResult = typeof SqlResult.Type

export const sqlExample = {
  kind: "sql",
  query:
    "SELECT toStartOfWeek(timestamp, 1) AS week, uniqExact(person_id) AS people, sum(toFloat64OrZero(properties['total'])) AS revenue FROM events WHERE event = {event:String} GROUP BY week ORDER BY week",
  params: { event: "Order Completed" }
}
