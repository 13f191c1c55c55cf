import { Schema } from "effect"
import type { Row } from "../Compiled.ts"
import { nested } from "../nested.ts"
import { type Sql, sql } from "../Sql.ts"

/** An event as it leaves. Nested as it was sent; big integers are strings of their digits. */
export const EventAnswer = Schema.Struct({
  messageId: Schema.String,
  event: Schema.String.annotate({ description: "The stored name" }),
  type: Schema.String,
  timestamp: Schema.String,
  receivedAt: Schema.String,
  userId: Schema.NullOr(Schema.String),
  anonymousId: Schema.NullOr(Schema.String),
  personId: Schema.String,
  properties: Schema.Unknown.annotate({
    description: "The properties, or the traits of an identify or group; an object"
  }),
  context: Schema.Unknown.annotate({ description: "An object" })
})
export type EventAnswer = typeof EventAnswer.Type

/** Columns of the table `events` that an answer shows; `person` comes on top. */
export const answerColumns: Sql = sql`timestamp, message_id, id_hash, event, type,
  toUnixTimestamp64Milli(timestamp) AS at, toUnixTimestamp64Milli(received_at) AS received,
  user_id, anonymous_id, props, context`

/** The same of a SELECT that has those, and `person`. */
export const answered: Sql = sql`message_id, event, type, at, received, user_id,
  anonymous_id, toString(person) AS person_id, props, context`

const Milliseconds = Schema.Union([Schema.String, Schema.Finite])
const Leaves = Schema.Record(Schema.String, Schema.String)

const EventRow = Schema.Struct({
  message_id: Schema.String,
  event: Schema.String,
  type: Schema.String,
  at: Milliseconds,
  received: Milliseconds,
  user_id: Schema.String,
  anonymous_id: Schema.String,
  person_id: Schema.String,
  props: Leaves,
  context: Leaves
})
const decodeRow = Schema.decodeUnknownSync(EventRow)

export const eventAnswer = (row: Row): EventAnswer => {
  const found = decodeRow(row)
  return {
    messageId: found.message_id,
    event: found.event,
    type: found.type,
    timestamp: new Date(Number(found.at)).toISOString(),
    receivedAt: new Date(Number(found.received)).toISOString(),
    userId: found.user_id === "" ? null : found.user_id,
    anonymousId: found.anonymous_id === "" ? null : found.anonymous_id,
    personId: found.person_id,
    properties: objectOf(found.props),
    context: objectOf(found.context)
  }
}

/** The store keeps no order of paths; the same event should read the same each time. */
const objectOf = (leaves: typeof Leaves.Type): object =>
  nested(
    Object.entries(leaves).sort(([one], [other]) =>
      one < other ? -1 : one > other ? 1 : 0
    )
  )
