import { Schema } from "effect"

/** Names and JSON values; what JSON cannot say is left out or refused. */
const Values = Schema.Record(Schema.String, Schema.Unknown)

const Id = Schema.Union([Schema.String, Schema.Finite])

const Instant = Schema.Union([Schema.String, Schema.Finite]).annotate({
  description:
    "ISO 8601 (UTC without an offset), or seconds or milliseconds since 1970",
  examples: ["2026-03-01T10:00:00.123Z"]
})

const common = {
  userId: Schema.optionalKey(Id).annotate({
    description: "Who it was, by your own id; with `anonymousId` both are one person"
  }),
  anonymousId: Schema.optionalKey(Id).annotate({
    description:
      "Who it was before they said who they are. A device that sends neither id is told apart for a day of UTC by what it shows of itself"
  }),
  messageId: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(100))).annotate({
    description:
      "Unique in the project; what is sent again under the same id is stored once. Made here if absent"
  }),
  timestamp: Schema.optionalKey(Instant).annotate({
    description: "When it happened; now if absent"
  }),
  sentAt: Schema.optionalKey(Instant).annotate({
    description: "When it was sent, by the same clock: tells how far that clock is off"
  }),
  context: Schema.optionalKey(Values).annotate({
    description:
      "About the circumstances: `page`, `sessionId`, `ip`, `userAgent`, `locale`, `device` …"
  })
}

const properties = Schema.optionalKey(Values)

const Track = Schema.Struct({
  type: Schema.Literal("track"),
  event: Schema.NonEmptyString.annotate({ examples: ["Order Completed"] }),
  properties,
  groupId: Schema.optionalKey(Id),
  groupType: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(256))),
  ...common
})

const Seen = {
  name: Schema.optionalKey(Schema.String),
  category: Schema.optionalKey(Schema.String),
  properties,
  ...common
}
const Page = Schema.Struct({ type: Schema.Literal("page"), ...Seen })
const Screen = Schema.Struct({ type: Schema.Literal("screen"), ...Seen })

const traits = Schema.optionalKey(Values).annotate({
  description:
    "What is known from now on. `$set_once`, `$add`, `$append`, `$unset` … change what was known"
})

const Identify = Schema.Struct({ type: Schema.Literal("identify"), traits, ...common })

const Group = Schema.Struct({
  type: Schema.Literal("group"),
  groupId: Id,
  groupType: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(256))),
  traits,
  ...common
})

const Alias = Schema.Struct({
  type: Schema.Literal("alias"),
  previousId: Id,
  ...common,
  userId: Id
})

/** One event as `/v1/events` takes it: the fields of the Segment protocol, each typed. */
export const NativeEvent = Schema.Union([Track, Page, Screen, Identify, Group, Alias])
export type NativeEvent = typeof NativeEvent.Type

/** A body of `/v1/events`; a list of events alone is one, too. */
export const NativeBatch = Schema.Struct({
  events: Schema.Array(NativeEvent),
  sentAt: Schema.optionalKey(Instant).annotate({
    description: "Of all events that do not say it themselves"
  }),
  writeKey: Schema.optionalKey(Schema.String).annotate({
    description: "The key, where neither headers nor the URL can carry it"
  })
}).annotate({
  examples: [
    {
      events: [
        {
          type: "track",
          event: "Order Completed",
          userId: "u-42",
          messageId: "5f0c2c1e-9a55-4c1e-8a0f-1d2e3c4b5a69",
          timestamp: "2026-03-01T10:00:00.123Z",
          properties: { revenue: 39.9, currency: "USD" }
        },
        { type: "page", name: "Home", context: { page: { path: "/" } } }
      ],
      sentAt: "2026-03-01T10:00:01.000Z"
    }
  ]
})
export type NativeBatch = typeof NativeBatch.Type
