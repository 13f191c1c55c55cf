import { Effect } from "effect"
import { HttpApiError } from "effect/http-api"
import type { SqlError } from "effect/sql"

/** Jobs cannot be read or written now, or nobody can say whose key it is. */
export class JobsUnavailable extends HttpApiError.Problem<JobsUnavailable>()(
  "JobsUnavailable",
  {
    type: "urn:analytics:problem:jobs-unavailable",
    status: 503,
    title: "Jobs cannot be reached now; try again"
  }
) {}

/** The last place that knows the cause, so it is logged here and not carried further. */
export const unavailable = (error: SqlError.SqlError) =>
  Effect.logError("the store of jobs failed", error).pipe(
    Effect.andThen(Effect.fail(new JobsUnavailable({})))
  )
