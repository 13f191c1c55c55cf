import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Effect, Option, Schema } from "effect"
import type { HttpClient } from "effect/http"
import { JobRun } from "../../jobs/JobRun.ts"
import type { JobType } from "../../jobs/JobType.ts"
import { askService } from "../askService.ts"

const Payload = Schema.Struct({})

const Difference = Schema.Struct({
  place: Schema.String,
  reason: Schema.NullOr(Schema.String),
  ledger: Schema.Int,
  source: Schema.Int,
  detail: Schema.String
})

const OfProject = Schema.Struct({
  projectId: Schema.Int,
  at: Schema.String,
  stored: Schema.Int,
  openRemovals: Schema.Int,
  differences: Schema.Array(Difference)
})

const Result = Schema.Struct({
  projects: Schema.Int,
  stored: Schema.Int,
  differing: Schema.Array(OfProject).annotate({
    description: "Projects whose books differ from what is stored; the first 1000"
  })
})

/** Where the work goes on, and what was found so far. */
const Found = Schema.Struct({ ...Result.fields, last: Schema.Int })

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
    const { step } = yield* JobRun
    return yield* step("reconcile", Result, each(projectId))
  })
}

const each = Effect.fnUntraced(function* (projectId: number | null) {
  const { dataIngestionUrl } = yield* ServicesConfig
  const { checkpoint, log, progress } = yield* JobRun
  const url = `${dataIngestionUrl}/internal/v1/reconcile`
  const ids =
    projectId === null
      ? (yield* askService(
          "GET",
          `${url}/projects`,
          Schema.Struct({ projectIds: Schema.Array(Schema.Int) })
        )).projectIds
      : [projectId]
  const kept = checkpoint("projects", Found)
  let found = Option.getOrElse(yield* kept.read, (): typeof Found.Type => ({
    projects: 0,
    stored: 0,
    differing: [],
    last: 0
  }))
  for (const id of ids) {
    if (id <= found.last) continue
    const one = yield* askService("POST", url, OfProject, { projectId: id })
    for (const { detail } of one.differences)
      yield* log("error", detail, { projectId: id })
    found = {
      projects: found.projects + 1,
      stored: found.stored + one.stored,
      differing:
        one.differences.length === 0
          ? found.differing
          : [...found.differing, one].slice(0, MOST_DIFFERING),
      last: id
    }
    yield* kept.save(found)
    yield* progress({ done: found.projects, total: ids.length, unit: "projects" })
  }
  return {
    projects: found.projects,
    stored: found.stored,
    differing: found.differing
  }
})
