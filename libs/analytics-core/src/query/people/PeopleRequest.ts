import { Schema } from "effect"
import { commonFields } from "../Common.ts"
import { PersonId } from "../events/EventsRequest.ts"
import { Filters } from "../Filter.ts"

export const DEFAULT_LIMIT = 100
export const MAX_LIMIT = 1000

const Position = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Step = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

/** One number of the answer to another query. */
const Of = Schema.Struct({
  query: Schema.Record(Schema.String, Schema.Unknown).annotate({
    description: "A query of another kind, as it was asked"
  }),
  series: Schema.optionalKey(Schema.String).annotate({
    description:
      "Name of a series (trends; needed where there are several), or new, returning, resurrecting or dormant (lifecycle)"
  }),
  step: Schema.optionalKey(Step).annotate({
    description: "Those who reached this step (funnel), from 1"
  }),
  droppedAfterStep: Schema.optionalKey(Step).annotate({
    description: "Those who reached this step and not the next (funnel), from 1"
  }),
  cohort: Schema.optionalKey(Position).annotate({
    description: "Position of a cohort (retention), from 0"
  }),
  period: Schema.optionalKey(Position).annotate({
    description: "Period of the cohort (retention), from 0, which is the default"
  }),
  bucket: Schema.optionalKey(Position).annotate({
    description: "Position of a bucket, from 0; absent: of the whole range"
  }),
  breakdown: Schema.optionalKey(Schema.Array(Schema.Unknown)).annotate({
    description: "The values of one group, as answered; absent: of all groups"
  })
})
export type Of = typeof Of.Type

/** `kind: "people"`: who did something, or who stands behind a number. */
export const PeopleRequest = Schema.Struct({
  ...commonFields,
  kind: Schema.Literal("people"),
  event: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1))).annotate({
    description: "A stored event name; without it any track, page or screen matches"
  }),
  filters: Schema.optionalKey(Filters),
  person: Schema.optionalKey(PersonId).annotate({
    description: "This person, with where their traits come from"
  }),
  id: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1))).annotate({
    description: "The person of this userId or anonymousId, as with `person`"
  }),
  of: Schema.optionalKey(Of).annotate({
    description: "The people that one number of another query's answer counts"
  }),
  limit: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_LIMIT })).annotate({
      description: `People of a page, ${DEFAULT_LIMIT} unless asked`
    })
  )
})
export type PeopleRequest = typeof PeopleRequest.Type

const TraitSource = Schema.Struct({
  path: Schema.String.annotate({ description: "`address.city`" }),
  timestamp: Schema.String,
  messageId: Schema.String
})

export const Person = Schema.Struct({
  personId: Schema.String,
  ids: Schema.Array(Schema.String).annotate({
    description: "The user and anonymous ids of their events, a thousand at most"
  }),
  traits: Schema.Record(Schema.String, Schema.Unknown).annotate({
    description: "Of each trait the value with the latest event time, nested as sent"
  }),
  firstSeen: Schema.String,
  lastSeen: Schema.String,
  events: Schema.optionalKey(Schema.Int).annotate({
    description: "How many events of theirs there are; only of `person` and `id`"
  }),
  traitSources: Schema.optionalKey(Schema.Array(TraitSource)).annotate({
    description: "When and by which message each trait was set, oldest first"
  })
})
export type Person = typeof Person.Type

export const PeopleResult = Schema.Struct({
  people: Schema.Array(Person).annotate({ description: "In the order of `personId`" }),
  nextCursor: Schema.NullOr(Schema.String)
})
export type PeopleResult = typeof PeopleResult.Type

export const peopleExample = {
  kind: "people",
  of: {
    query: {
      kind: "funnel",
      from: "2025-03-01T00:00:00Z",
      to: "2025-04-01T00:00:00Z",
      steps: [{ event: "Product Added" }, { event: "Order Completed" }],
      windowSeconds: 604_800
    },
    droppedAfterStep: 1
  },
  limit: 50
}
