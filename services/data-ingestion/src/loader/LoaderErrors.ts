import { within } from "@analytics/database/PostgresRetry"
import { type Duration, Effect, Schema } from "effect"
import { isSqlError, type SqlError } from "effect/sql/SqlError"

/** Another loader has taken the shard. Nothing more may be written; the process ends. */
export class FencedOut extends Schema.TaggedError<FencedOut>()("FencedOut", {
  shard: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return `shard ${this.shard}: ${this.reason}`
  }
}

/** Postgres did not do what was asked; the batch is tried again from what is recorded. */
export class LedgerUnavailable extends Schema.TaggedError<LedgerUnavailable>()(
  "LedgerUnavailable",
  { cause: Schema.Defect() }
) {
  override get message() {
    return `Postgres: ${String(this.cause)}`
  }
}

/**
 * Translates the driver's errors, and leaves all others as they are. What Postgres does
 * not answer within `patience` counts as failed.
 */
export const unavailableAfter =
  (patience: Duration.Input) =>
  <A, E, R>(
    effect: Effect.Effect<A, E | SqlError, R>
  ): Effect.Effect<A, Exclude<E, SqlError> | LedgerUnavailable, R> =>
    effect.pipe(
      within(patience),
      Effect.mapError((error) =>
        isSqlError(error)
          ? new LedgerUnavailable({ cause: error })
          : (error as Exclude<E, SqlError>)
      )
    )

export const unavailable = unavailableAfter("1 minute")
