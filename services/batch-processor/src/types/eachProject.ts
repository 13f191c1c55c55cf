import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Effect, Option, Schema } from "effect"
import type { HttpClient } from "effect/http"
import { JobRun } from "../jobs/JobRun.ts"
import type { JobFailed, JobUnavailable } from "../jobs/JobType.ts"
import { askService } from "./askService.ts"

const Projects = Schema.Struct({ projectIds: Schema.Array(Schema.Int) })

/**
 * Does something for a project, or for every project that ever had an event, one after the
 * other in the order of their ids. What was done for one is not done again after a crash.
 *
 * @param combine what is found so far, with the next
 */
export const eachProject = Effect.fnUntraced(function* <A, I, E, R>(
  projectId: number | null,
  found: Schema.Codec<A, I>,
  none: A,
  combine: (found: A, projectId: number) => Effect.Effect<A, E, R>
): Effect.fn.Return<
  A,
  E | JobFailed | JobUnavailable,
  R | JobRun | ServicesConfig | HttpClient.HttpClient
> {
  const { dataIngestionUrl } = yield* ServicesConfig
  const { checkpoint, progress } = yield* JobRun
  const ids =
    projectId === null
      ? (yield* askService(
          "GET",
          `${dataIngestionUrl}/internal/v1/reconcile/projects`,
          Projects
        )).projectIds
      : [projectId]
  const kept = checkpoint(
    "projects",
    Schema.Struct({ found, last: Schema.Int, done: Schema.Int })
  )
  let at = Option.getOrElse(yield* kept.read, () => ({ found: none, last: 0, done: 0 }))
  for (const id of ids) {
    if (id <= at.last) continue
    at = { found: yield* combine(at.found, id), last: id, done: at.done + 1 }
    yield* kept.save(at)
    yield* progress({ done: at.done, total: ids.length, unit: "projects" })
  }
  return at.found
})
