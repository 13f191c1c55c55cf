import { Context, type Effect, Schema } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { Submission } from "./InboxRow.ts"

/** The log did not confirm what was written; it may hold it all the same. */
export class LogUnavailable extends Schema.TaggedError<LogUnavailable>()(
  "LogUnavailable",
  { reason: Schema.String }
) {
  override get message() {
    return this.reason
  }
}

/** Where events must be durable before they are acknowledged. */
export class EventLog extends Context.Service<
  EventLog,
  {
    /** The most bytes of lines that one write should have. */
    readonly maxBytes: number
    /**
     * Ends once all of it is durable. After a failure it is unknown whether it is.
     *
     * @param slot of which no two writes run at the same time
     */
    write(
      submissions: ReadonlyArray<Submission>,
      slot: number
    ): Effect.Effect<void, SqlError | LogUnavailable>
  }
>()("@analytics/data-ingestion/inbox/EventLog") {}
