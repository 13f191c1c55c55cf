import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Effect, Schema } from "effect"
import type { HttpClient } from "effect/http"
import { JobRun } from "../../jobs/JobRun.ts"
import type { JobType } from "../../jobs/JobType.ts"
import { askService } from "../askService.ts"
import { eachProject } from "../eachProject.ts"

const Payload = Schema.Struct({})

const OfProject = Schema.Struct({
  projectId: Schema.Int,
  at: Schema.String,
  stored: Schema.Int,
  openRemovals: Schema.Int,
  differences: Schema.Array(
    Schema.Struct({
      place: Schema.String,
      reason: Schema.NullOr(Schema.String),
      ledger: Schema.Int,
      source: Schema.Int,
      detail: Schema.String
    })
  )
})

const Result = Schema.Struct({
  projects: Schema.Int,
  stored: Schema.Int,
  differing: Schema.Array(OfProject).annotate({
    description: "Projects whose books differ from what is stored; the first 1000"
  })
})

const MOST_DIFFERING = 1000

/** Recomputes the accounting from its sources, of one project or of all. */
export const reconcile: JobType<
  typeof Payload,
  typeof Result,
  ServicesConfig | HttpClient.HttpClient
> = {
  name: "reconcile",
  description:
    "Recomputes the accounting from what is stored and names every difference: events that are missing, surplus or doubled.",
  of: "either",
  payload: Payload,
  result: Result,
  limits: {
    perProject: 1,
    inAll: 2,
    waiting: 10,
    time: 6 * 3_600_000,
    memory: 16,
    attempts: 5
  },
  run: Effect.fnUntraced(function* ({ projectId }) {
    const { dataIngestionUrl } = yield* ServicesConfig
    const { log, step } = yield* JobRun
    const none: typeof Result.Type = { projects: 0, stored: 0, differing: [] }
    return yield* step(
      "reconcile",
      Result,
      eachProject(
        projectId,
        Result,
        none,
        Effect.fnUntraced(function* ({ differing, projects, stored }, id) {
          const one = yield* askService(
            "POST",
            `${dataIngestionUrl}/internal/v1/reconcile`,
            OfProject,
            { projectId: id }
          )
          for (const { detail } of one.differences)
            yield* log("error", detail, { projectId: id })
          return {
            projects: projects + 1,
            stored: stored + one.stored,
            differing:
              one.differences.length === 0
                ? differing
                : [...differing, one].slice(0, MOST_DIFFERING)
          }
        })
      )
    )
  })
}
