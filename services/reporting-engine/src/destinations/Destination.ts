import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

export const DestinationId = Schema.String.check(Schema.isUUID())
export const Channel = Schema.Literals(["email", "slack", "webhook", "store"])
export type Channel = typeof Channel.Type

/** Of one project. */
export const MAX_DESTINATIONS = 200

const Name = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(200),
  Schema.makeFilter((text: string) =>
    text.includes("\0") ? "Expected no NUL" : undefined
  )
)
const Addresses = Schema.Array(Schema.String.check(Schema.isMaxLength(254)))
  .check(Schema.isMinLength(1), Schema.isMaxLength(50))
  .annotate({
    description:
      "Plain addresses; each is a recipient of its own. REPORT_RECIPIENTS must allow them"
  })
const Url = Schema.String.check(Schema.isMaxLength(2000)).annotate({
  description: "`https://…`; kept encrypted, shown as its host alone"
})
const Prefix = Schema.String.check(
  Schema.isPattern(
    /^[A-Za-z0-9_=][A-Za-z0-9._=-]{0,99}(?:\/[A-Za-z0-9_=][A-Za-z0-9._=-]{0,99}){0,9}$/u,
    {
      expected: "names of letters, digits, `.`, `_`, `=` and `-` with `/` between them"
    }
  ),
  // An object's whole key may have 900.
  Schema.isMaxLength(500)
).annotate({
  description: "Folder of the project's own part of the installation's object store"
})

/** What `POST /v1/destinations` takes. */
export const NewDestination = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("email"), name: Name, addresses: Addresses }),
  Schema.Struct({ kind: Schema.Literal("slack"), name: Name, url: Url }),
  Schema.Struct({ kind: Schema.Literal("webhook"), name: Name, url: Url }),
  Schema.Struct({ kind: Schema.Literal("store"), name: Name, prefix: Prefix })
]).annotate({
  examples: [{ kind: "email", name: "Leads", addresses: ["ann@example.com"] }]
})
export type NewDestination = typeof NewDestination.Type

/** What `PATCH` may change, as far as the destination's kind has it. */
export const DestinationChange = Schema.Struct({
  name: Schema.optionalKey(Name),
  addresses: Schema.optionalKey(Addresses),
  url: Schema.optionalKey(Url),
  prefix: Schema.optionalKey(Prefix)
}).annotate({ examples: [{ addresses: ["ann@example.com", "bob@example.com"] }] })
export type DestinationChange = typeof DestinationChange.Type

/** What is kept in the open. */
export const Settings = Schema.Struct({
  addresses: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Of the URL. */
  host: Schema.optionalKey(Schema.String),
  prefix: Schema.optionalKey(Schema.String)
})
export type Settings = typeof Settings.Type

/** What is kept encrypted, as JSON. */
export const Hidden = Schema.Struct({
  url: Schema.String,
  /** Signing secrets of a webhook, newest first: the one before works until it is retired. */
  signing: Schema.optionalKey(Schema.Array(Schema.String))
})
export type Hidden = typeof Hidden.Type

const Instant = Schema.DateFromString

/** A destination as it is answered. */
export const DestinationAnswer = Schema.Struct({
  id: DestinationId,
  kind: Channel,
  name: Schema.String,
  addresses: Schema.optionalKey(Schema.Array(Schema.String)),
  host: Schema.optionalKey(Schema.String),
  prefix: Schema.optionalKey(Schema.String),
  createdBy: Schema.String,
  createdAt: Instant,
  updatedAt: Instant
})
export type DestinationAnswer = typeof DestinationAnswer.Type

/** With the secret that is shown this once. */
export const DestinationWithSecret = Schema.Struct({
  ...DestinationAnswer.fields,
  signingSecret: Schema.optionalKey(Schema.String).annotate({
    description:
      "Of a webhook, shown this once: `whsec_…` of Standard Webhooks, with which each message is signed"
  })
})
export type DestinationWithSecret = typeof DestinationWithSecret.Type

export class DestinationNotFound extends HttpApiError.Problem<DestinationNotFound>()(
  "DestinationNotFound",
  {
    type: "urn:analytics:problem:destination-not-found",
    status: 404,
    title: "There is no such destination"
  },
  { destinationId: Schema.String }
) {}

/** Fits its schema, and still cannot be taken. */
export class DestinationInvalid extends HttpApiError.Problem<DestinationInvalid>()(
  "DestinationInvalid",
  {
    type: "urn:analytics:problem:destination-invalid",
    status: 422,
    title: "The destination cannot be used"
  },
  {
    errors: Schema.Array(
      Schema.Struct({ pointer: Schema.String, detail: Schema.String })
    )
  }
) {
  /** One reason, at the field that it is about. */
  static at(pointer: string, detail: string) {
    return new DestinationInvalid({ detail, errors: [{ pointer, detail }] })
  }
}

export class DestinationConflict extends HttpApiError.Problem<DestinationConflict>()(
  "DestinationConflict",
  {
    type: "urn:analytics:problem:destination-conflict",
    status: 409,
    title: "The destination cannot do this now"
  }
) {}
