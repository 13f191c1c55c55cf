import { Effect, Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** Postgres or ClickHouse does not answer. */
export class StoreUnavailable extends HttpApiError.Problem<StoreUnavailable>()(
  "StoreUnavailable",
  {
    type: "urn:analytics:problem:store-unavailable",
    status: 503,
    title: "A store does not answer, ask again"
  },
  { retryAfter: Schema.optionalKey(Schema.Int) }
) {}

/** The last place that knows the cause, so it is logged here and not carried further. */
export const unavailable = (what: string) => (error: unknown) =>
  Effect.logError(`${what} failed`, error).pipe(
    Effect.andThen(Effect.fail(new StoreUnavailable({})))
  )
