import { RequestNotes } from "@analytics/api-common/RequestNotes"
import { Effect, Schema } from "effect"
import type { AskingProject } from "./Queries.ts"
import { QueryRuns } from "./QueryRuns.ts"

/** A query that nobody waits for, and that has not ended. */
export const RunningQuery = Schema.Struct({
  id: Schema.String.check(Schema.isUUID()),
  status: Schema.Literal("running"),
  elapsedMs: Schema.Finite
})

/** Seconds after which it makes sense to ask again. */
const ASK_AGAIN = 1

/** Says where to ask for it. */
export const runningQuery = Effect.fnUntraced(function* (
  id: string,
  elapsedMs: number
) {
  const { headers } = yield* RequestNotes
  headers["location"] = `/v1/queries/${id}`
  headers["retry-after"] = String(ASK_AGAIN)
  return { id, status: "running" as const, elapsedMs: Math.round(elapsedMs) }
})

export const startRun = Effect.fnUntraced(function* (
  project: AskingProject,
  body: unknown
) {
  const id = yield* (yield* QueryRuns).start(project, body)
  const { headers } = yield* RequestNotes
  headers["preference-applied"] = "respond-async"
  return yield* runningQuery(id, 0)
})
