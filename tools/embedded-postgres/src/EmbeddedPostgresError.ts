import { Schema } from "effect"

/** The embedded server could not be prepared, started or kept; `reason` says what to do. */
export class EmbeddedPostgresError extends Schema.TaggedError<EmbeddedPostgresError>()(
  "EmbeddedPostgresError",
  { reason: Schema.String, cause: Schema.optional(Schema.Defect()) }
) {
  override get message() {
    return this.reason
  }
}
