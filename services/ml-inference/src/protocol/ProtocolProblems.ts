import { Schema } from "effect"

/** More bytes than are read, as they come or unpacked. */
export class BodyTooLarge extends Schema.TaggedError<BodyTooLarge>()("BodyTooLarge", {
  /** Bytes. */
  limit: Schema.Int
}) {}

/** The body did not arrive in the time that it may take. */
export class BodyTooSlow extends Schema.TaggedError<BodyTooSlow>()("BodyTooSlow", {}) {}

/** The body is packed in a way that nobody here unpacks. */
export class EncodingUnsupported extends Schema.TaggedError<EncodingUnsupported>()(
  "EncodingUnsupported",
  { encoding: Schema.String }
) {}

/** The bodies of requests that are being answered are all that may be held. */
export class BodiesExhausted extends Schema.TaggedError<BodiesExhausted>()(
  "BodiesExhausted",
  {}
) {}
