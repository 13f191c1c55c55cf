import { Instant } from "@analytics/analytics-core/query/Common"
import { Filters } from "@analytics/analytics-core/query/Filter"
import { Schema } from "effect"

const Events = Schema.Struct({
  from: Schema.optionalKey(Instant).annotate({
    description: "All before `to` without it"
  }),
  to: Schema.optionalKey(Instant).annotate({
    description: "Exclusive; up to what is stored without it"
  }),
  event: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1))).annotate({
    description:
      "A stored name; without it every event, $identify, $group and $alias among them"
  }),
  filters: Schema.optionalKey(Filters)
})
export type ExportedWhat = typeof Events.Type

const Body = Schema.Record(Schema.String, Schema.Unknown)

/** Columns as they are named there; a file may be imported again. */
export const What = Schema.Union([
  Schema.Struct({
    events: Events.annotate({
      description:
        "The events, with all that an import needs to make them the same events in another project"
    })
  }),
  Schema.Struct({
    people: Body.annotate({
      description:
        "The people that `POST /v1/query` with `kind` `people` answers, without `kind`, `limit` and `cursor`"
    })
  }),
  Schema.Struct({
    cohort: Schema.String.check(Schema.isUUID()).annotate({
      description: "The people of this cohort who did anything"
    })
  }),
  Schema.Struct({
    query: Body.annotate({
      description: "A body of `POST /v1/query`; all pages of it"
    })
  })
])

export const Format = Schema.Literals(["csv", "ndjson", "parquet", "arrow"])
export type Format = typeof Format.Type

export const Payload = Schema.Struct({
  what: What,
  format: Format,
  compression: Schema.optionalKey(Schema.Literals(["none", "gzip"])).annotate({
    description: "Of `csv` and `ndjson`; `none` unless asked"
  }),
  formulaGuard: Schema.optionalKey(Schema.Boolean).annotate({
    description:
      "Of `csv`: texts that a spreadsheet would take for a formula get an apostrophe in front. An import does not take it away again"
  })
}).annotate({
  examples: [
    {
      what: { events: { from: "2025-03-01T00:00:00Z", to: "2025-04-01T00:00:00Z" } },
      format: "parquet"
    }
  ]
})
export type Payload = typeof Payload.Type
