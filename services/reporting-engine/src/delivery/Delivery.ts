import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { Channel } from "../destinations/Destination.ts"

export const DeliveryId = Schema.String.check(Schema.isUUID())

export const DeliveryState = Schema.Literals([
  "pending",
  "sending",
  "delivered",
  "refused",
  "uncertain",
  "unsubscribed"
]).annotate({
  description:
    "`refused`: it was not taken, and no more attempts are made; `uncertain`: it may have arrived, and only a person sends it again"
})
export type DeliveryState = typeof DeliveryState.Type

const Instant = Schema.DateFromString
const orNull = Schema.NullOr

/** One attempt, written before it was made. */
export const Attempt = Schema.Struct({
  number: Schema.Int,
  startedAt: Instant,
  handedAt: orNull(Instant).annotate({
    description: "From here on the other side may have it"
  }),
  settledAt: orNull(Instant),
  outcome: orNull(Schema.Literals(["accepted", "refused", "deferred", "unknown"])),
  code: orNull(Schema.Int).annotate({ description: "Of HTTP or SMTP" }),
  response: orNull(Schema.String)
})

/** A delivery as it is answered: the ledger of one recipient. */
export const DeliveryAnswer = Schema.Struct({
  id: DeliveryId,
  about: Schema.String.annotate({
    description: "What it is about; a recipient hears of it once"
  }),
  topic: Schema.String.annotate({
    description: "What the recipient may unsubscribe from"
  }),
  title: Schema.String,
  destinationId: Schema.String,
  channel: Channel,
  recipient: Schema.String,
  state: DeliveryState,
  detail: orNull(Schema.String),
  dueAt: orNull(Instant).annotate({ description: "When the next attempt is made" }),
  attempts: Schema.Array(Attempt),
  createdAt: Instant,
  settledAt: orNull(Instant)
})
export type DeliveryAnswer = typeof DeliveryAnswer.Type

export class DeliveryNotFound extends HttpApiError.Problem<DeliveryNotFound>()(
  "DeliveryNotFound",
  {
    type: "urn:analytics:problem:delivery-not-found",
    status: 404,
    title: "There is no such delivery"
  },
  { deliveryId: Schema.String }
) {}

/** It is on its way already. */
export class DeliveryUnderWay extends HttpApiError.Problem<DeliveryUnderWay>()(
  "DeliveryUnderWay",
  {
    type: "urn:analytics:problem:delivery-under-way",
    status: 409,
    title: "The delivery is under way"
  }
) {}
