import { Effect } from "effect"
import { HttpApiError } from "effect/http-api"
import type { SqlError } from "effect/sql"

/** Projects and keys cannot be read or written now. */
export class ControlUnavailable extends HttpApiError.Problem<ControlUnavailable>()(
  "ControlUnavailable",
  {
    type: "urn:analytics:problem:control-unavailable",
    status: 503,
    title: "The store of projects and keys is not reachable; try again"
  }
) {}

/** The last place that knows the cause, so it is logged here and not carried further. */
export const unavailable = (error: SqlError.SqlError) =>
  Effect.logError("control store failed", error).pipe(
    Effect.andThen(Effect.fail(new ControlUnavailable({})))
  )
