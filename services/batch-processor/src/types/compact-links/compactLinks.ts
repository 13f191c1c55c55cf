import { asOfRetention } from "@analytics/config/asOfRetention"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Clock, Duration, Effect, Schema } from "effect"
import type { HttpClient } from "effect/http"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed, type JobType } from "../../jobs/JobType.ts"
import { askService } from "../askService.ts"
import { eachProject } from "../eachProject.ts"

const Payload = Schema.Struct({})

const Answer = Schema.Struct({ kept: Schema.Int, removed: Schema.Int })
const Result = Schema.Struct({ projects: Schema.Int, ...Answer.fields })

/** Queries in flight may still ask for what has just become too old. */
const MARGIN = Duration.toMillis("1 hour")

/** Removes links between ids that no answer can need any more. */
export const compactLinks: JobType<
  typeof Payload,
  typeof Result,
  ServicesConfig | HttpClient.HttpClient
> = {
  name: "compact-links",
  description:
    "Removes the links between ids that newer ones replaced before any moment that `asOf` may name (AS_OF_RETENTION). Answers stay the same.",
  of: "either",
  payload: Payload,
  result: Result,
  limits: {
    perProject: 1,
    inAll: 1,
    waiting: 10,
    time: 6 * 3_600_000,
    memory: 16,
    attempts: 5
  },
  run: Effect.fnUntraced(function* ({ projectId }) {
    const { dataIngestionUrl } = yield* ServicesConfig
    const { step } = yield* JobRun
    const none: typeof Result.Type = { projects: 0, kept: 0, removed: 0 }
    const retention = yield* Effect.mapError(
      asOfRetention,
      ({ message }) => new JobFailed({ detail: message })
    )
    return yield* step(
      "compact",
      Result,
      eachProject(
        projectId,
        Result,
        none,
        Effect.fnUntraced(function* ({ kept, projects, removed }, id) {
          const now = yield* Clock.currentTimeMillis
          const before = now - Duration.toMillis(retention) - MARGIN
          const one = yield* askService(
            "POST",
            `${dataIngestionUrl}/internal/v1/links/compact`,
            Answer,
            { projectId: id, before: new Date(before).toISOString() }
          )
          return {
            projects: projects + 1,
            kept: kept + one.kept,
            removed: removed + one.removed
          }
        })
      )
    )
  })
}
