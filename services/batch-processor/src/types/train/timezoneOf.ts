import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { JobUnavailable } from "../../jobs/JobType.ts"

/** The zone of a project's clocks, as its settings say now. */
export const timezoneOf = Effect.fnUntraced(
  function* (projectId: number) {
    const sql = yield* SqlClient.SqlClient
    const [found] = yield* sql<{ timezone: string }>`
      SELECT timezone FROM control.projects WHERE id = ${BigInt(projectId)}`
    return found?.timezone ?? "UTC"
  },
  Effect.mapError(
    (error) => new JobUnavailable({ what: "Postgres", detail: error._tag })
  )
)
