import { Schema } from "effect"

const Seen = Schema.DateFromString

const AsOf = Schema.NullOr(Schema.DateFromString).annotate({
  description: "Everything stored by then is counted; null before the first count"
})
const LagMs = Schema.NullOr(Schema.Finite).annotate({
  description: "How long ago that was"
})

export const CatalogueEvents = Schema.Struct({
  events: Schema.Array(
    Schema.Struct({
      event: Schema.String,
      count: Schema.Finite.annotate({ description: "Events stored, bots among them" }),
      firstSeen: Seen,
      lastSeen: Seen
    })
  ),
  asOf: AsOf,
  lagMs: LagMs
})
export type CatalogueEvents = typeof CatalogueEvents.Type

/** A JSON value; an integer beyond 2^53 is a string of its digits. */
const Examples = Schema.Array(Schema.Unknown)

export const CatalogueProperties = Schema.Struct({
  properties: Schema.Array(
    Schema.Struct({
      property: Schema.String.annotate({
        description: "As queries take it: plan, user.plan, context.page.path, $browser"
      }),
      count: Schema.Finite.annotate({
        description: "Events that have it; with `event`, of that name"
      }),
      types: Schema.Array(
        Schema.Literals(["string", "number", "boolean", "array", "object"])
      ).annotate({ description: "The most frequent first" }),
      examples: Examples
    })
  ),
  asOf: AsOf,
  lagMs: LagMs
})
export type CatalogueProperties = typeof CatalogueProperties.Type

export const CatalogueValues = Schema.Struct({
  property: Schema.String,
  values: Examples,
  asOf: AsOf,
  lagMs: LagMs
})
export type CatalogueValues = typeof CatalogueValues.Type

export interface Search {
  /** A part of the name, in any case; names that begin with it come first. */
  readonly search: string
  readonly limit: number
}
