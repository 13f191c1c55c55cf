import { HttpApiError } from "effect/http-api"

/** Nothing in the body can be read. */
export class UnreadableBody extends HttpApiError.Problem<UnreadableBody>()(
  "UnreadableBody",
  {
    type: "urn:analytics:problem:unreadable-body",
    status: 400,
    title: "Nothing in the body can be read"
  }
) {}

export class BodyTooLarge extends HttpApiError.Problem<BodyTooLarge>()("BodyTooLarge", {
  type: "urn:analytics:problem:body-too-large",
  status: 413,
  title: "The body or the batch is too large"
}) {}

/** The project sends more than it may; `Retry-After` says when to come back. */
export class TooManyEvents extends HttpApiError.Problem<TooManyEvents>()(
  "TooManyEvents",
  {
    type: "urn:analytics:problem:too-many-events",
    status: 429,
    title: "The project sends faster than its events can be stored"
  }
) {}

/** The events are not known to be stored; sending them again is safe. */
export class InboxUnavailable extends HttpApiError.Problem<InboxUnavailable>()(
  "InboxUnavailable",
  {
    type: "urn:analytics:problem:inbox-unavailable",
    status: 503,
    title: "Events cannot be made durable now, send them again"
  }
) {}

/** Whether the key is good cannot be told now. */
export class KeysUnavailable extends HttpApiError.Problem<KeysUnavailable>()(
  "KeysUnavailable",
  {
    type: "urn:analytics:problem:keys-unavailable",
    status: 503,
    title: "The key cannot be checked now, send again"
  }
) {}
