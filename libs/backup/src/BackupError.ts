import { Schema } from "effect"

/** A store is away or refused; the same may work a moment later. */
export class BackupUnavailable extends Schema.TaggedError<BackupUnavailable>()(
  "BackupUnavailable",
  { what: Schema.String, detail: Schema.String }
) {}

/** The backup, or the place it should go to, is not as it must be. */
export class BackupRefused extends Schema.TaggedError<BackupRefused>()(
  "BackupRefused",
  { detail: Schema.String }
) {}

/** What was thrown, as a sentence. */
export const reasonOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause)
