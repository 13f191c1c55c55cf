import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Effect, Schema } from "effect"
import type { HttpClient } from "effect/http"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed, type JobType, JobUnavailable } from "../../jobs/JobType.ts"
import { askService } from "../askService.ts"

const Payload = Schema.Struct({
  cohortId: Schema.optionalKey(Schema.String.check(Schema.isUUID())).annotate({
    description: "All cohorts of the project when absent"
  })
})

const CohortIds = Schema.Struct({ cohortIds: Schema.Array(Schema.String) })

const Answer = Schema.Union([
  Schema.Struct({ state: Schema.Literal("running") }),
  Schema.Struct({
    state: Schema.Literal("done"),
    people: Schema.Int,
    watermark: Schema.String
  })
])

const OfCohort = Schema.Struct({
  cohortId: Schema.String,
  people: Schema.Int,
  asOf: Schema.NullOr(Schema.String),
  failure: Schema.NullOr(Schema.String)
})

const Result = Schema.Struct({
  people: Schema.Int,
  cohorts: Schema.Array(OfCohort).annotate({
    description: "At most 1000; `failure` says why one of them could not be refreshed"
  })
})

/** Questions about one refresh; each waits up to 25 seconds for its end. */
const MOST_ASKED = 60

/** Finds the people of cohorts and keeps them, for queries that allow them to be older. */
export const cohortRefresh: JobType<
  typeof Payload,
  typeof Result,
  ServicesConfig | HttpClient.HttpClient
> = {
  name: "cohort-refresh",
  description:
    "Finds the people of a cohort, or of every cohort of the project, and keeps them, so that queries need not find them anew.",
  of: "project",
  payload: Payload,
  result: Result,
  limits: {
    perProject: 1,
    inAll: 2,
    waiting: 20,
    time: 6 * 3_600_000,
    memory: 16,
    attempts: 5
  },
  run: Effect.fnUntraced(function* ({ payload: { cohortId }, projectId }) {
    const { analyticsApiUrl } = yield* ServicesConfig
    const { jobId, log, progress, step } = yield* JobRun
    if (projectId === null)
      return yield* new JobFailed({ detail: "Cohorts are of a project." })

    const refreshed = Effect.fnUntraced(function* (id: string) {
      for (let asked = 0; asked < MOST_ASKED; asked++) {
        const answer = yield* askService(
          "POST",
          `${analyticsApiUrl}/internal/v1/cohorts/refresh`,
          Answer,
          { projectId, cohortId: id, refreshId: jobId }
        )
        if (answer.state === "done")
          return {
            cohortId: id,
            people: answer.people,
            asOf: answer.watermark,
            failure: null
          }
      }
      return yield* new JobUnavailable({
        what: "the refresh",
        detail: "It has not ended."
      })
    })

    const listed = step(
      "cohorts",
      CohortIds,
      askService(
        "GET",
        `${analyticsApiUrl}/internal/v1/cohorts?projectId=${projectId}`,
        CohortIds
      )
    )
    const ids = cohortId === undefined ? (yield* listed).cohortIds : [cohortId]
    const cohorts: Array<typeof OfCohort.Type> = []
    let people = 0
    for (const id of ids) {
      // One that is deleted meanwhile, or too large, keeps no other from its turn.
      const each = yield* step(
        `refresh ${id}`,
        OfCohort,
        cohortId === undefined
          ? Effect.catchTag(refreshed(id), "JobFailed", ({ detail }) =>
              Effect.as(log("error", detail, { cohortId: id }), {
                cohortId: id,
                people: 0,
                asOf: null,
                failure: detail
              })
            )
          : refreshed(id)
      )
      cohorts.push(each)
      people += each.people
      const counts = { cohorts: cohorts.length }
      yield* progress({ done: people, total: null, unit: "people", counts })
    }
    return { people, cohorts }
  })
}
