import { Effect, type Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import type { SqlError } from "effect/sql"

/** What is kept of reports cannot be read or written now. */
export class ReportsUnavailable extends HttpApiError.Problem<ReportsUnavailable>()(
  "ReportsUnavailable",
  {
    type: "urn:analytics:problem:reports-unavailable",
    status: 503,
    title: "What is kept of reports cannot be reached now; try again"
  }
) {}

/** The last place that knows the cause, so it is logged here and not carried further. */
const unavailable = (error: unknown) =>
  Effect.logError("the store of reports failed", error).pipe(
    Effect.andThen(Effect.fail(new ReportsUnavailable({})))
  )

/** For repositories: Postgres that fails is away, rows that do not decode are a defect. */
export const orUnavailable = <A, R>(
  effect: Effect.Effect<A, SqlError.SqlError | Schema.SchemaError, R>
): Effect.Effect<A, ReportsUnavailable, R> =>
  effect.pipe(Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die }))
