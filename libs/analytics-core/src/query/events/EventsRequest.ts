import { Schema } from "effect"
import { commonFields } from "../Common.ts"
import { EventAnswer } from "./EventAnswer.ts"

export const DEFAULT_LIMIT = 100
export const MAX_LIMIT = 1000

const LARGEST = 2n ** 64n - 1n

export const PersonId = Schema.String.check(
  Schema.makeFilter((text) =>
    /^(0|[1-9]\d{0,19})$/u.test(text) && BigInt(text) <= LARGEST
      ? undefined
      : "Expected a personId of an answer, which is a whole number below 2^64"
  )
)

/** `kind: "events"`. Without a range: everything up to the watermark. */
export const EventsRequest = Schema.Struct({
  ...commonFields,
  kind: Schema.Literal("events"),
  event: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1))).annotate({
    description:
      "A stored event name, $identify, $group and $alias among them; without it any track, page or screen"
  }),
  person: Schema.optionalKey(PersonId).annotate({
    description: "Only events of the person with this personId"
  }),
  limit: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_LIMIT })).annotate({
      description: `Events of a page, ${DEFAULT_LIMIT} unless asked`
    })
  )
})
export type EventsRequest = typeof EventsRequest.Type

export const EventsResult = Schema.Struct({
  events: Schema.Array(EventAnswer).annotate({
    description: "Newest first, equal times by messageId"
  }),
  nextCursor: Schema.NullOr(Schema.String)
})
export type EventsResult = typeof EventsResult.Type

export const eventsExample = {
  kind: "events",
  range: "last_7d",
  event: "Order Completed",
  filters: [{ property: "price", op: "gte", value: 100 }],
  limit: 50
}
