import { Schema } from "effect"

/** Nobody answered, or not in time. Trying again may help. */
export class ServerUnreachable extends Schema.TaggedError<ServerUnreachable>()(
  "ServerUnreachable",
  { detail: Schema.String }
) {
  override get message(): string {
    return this.detail
  }
}

/** The server answered that it does not do it. */
export class RequestRefused extends Schema.TaggedError<RequestRefused>()(
  "RequestRefused",
  {
    /** Of HTTP. */
    status: Schema.Int,
    /** What the server says. */
    detail: Schema.String,
    /** Seconds after which trying again makes sense, where the server says so. */
    retryAfter: Schema.UndefinedOr(Schema.Number)
  }
) {
  override get message(): string {
    return this.detail
  }
}
