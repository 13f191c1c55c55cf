import { createHash } from "node:crypto"
import { readSettings } from "@analytics/analytics-core/settings/ProjectSettings"
import type { ServicesConfig } from "@analytics/config/ServicesConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Schema } from "effect"
import type { HttpClient } from "effect/http"
import { SqlClient } from "effect/sql"
import { JobRun } from "../../jobs/JobRun.ts"
import { type JobType, JobUnavailable } from "../../jobs/JobType.ts"
import { forgetCatalogue } from "../removal/forgetCatalogue.ts"
import { Kept, keptOf, register, untilDone } from "../removal/removals.ts"
import { noteForBackups } from "../removal/removedObjects.ts"

const DAY = 86_400_000

const Payload = Schema.Struct({
  projectId: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 }))
  ).annotate({ description: "Only this one; else all that have a retention" })
})

/** How much was forgotten, by place. */
const Places = Schema.Record(Schema.String, Schema.Int)

const Expired = Schema.Struct({
  projectId: Schema.Int,
  /** Events before it have expired. */
  before: Schema.String,
  events: Schema.Int
})

const Result = Schema.Struct({ projects: Schema.Array(Expired) })

const Due = Schema.Array(
  Schema.Struct({ projectId: Schema.Int, before: Schema.String, id: Schema.String })
)

/** Removes events that are older than their project keeps them. */
export const retain: JobType<
  typeof Payload,
  typeof Result,
  | ServicesConfig
  | HttpClient.HttpClient
  | ClickHouse
  | SqlClient.SqlClient
  | ObjectStore
> = {
  name: "retain",
  description:
    "Removes events older than the retention in their project's settings; they are accounted for as expired.",
  of: "either",
  payload: Payload,
  result: Result,
  limits: {
    perProject: 1,
    inAll: 2,
    waiting: 10,
    time: 24 * 3_600_000,
    memory: 16,
    attempts: 20
  },
  run: Effect.fnUntraced(function* ({ id, payload, projectId }) {
    const { step } = yield* JobRun
    const due = yield* step("due", Due, dueOf(id, projectId ?? payload.projectId))
    // All are hidden first, so that one mutation may take them together.
    for (const each of due)
      yield* step(
        `hide ${each.projectId}`,
        Kept,
        Effect.gen(function* () {
          const hidden = yield* register({
            id: each.id,
            projectId: each.projectId,
            kind: "expiry",
            from: new Date(0).toISOString(),
            to: each.before
          })
          yield* noteForBackups({
            id: each.id,
            projectId: each.projectId,
            kind: "expiry",
            idHashes: [],
            from: new Date(0).toISOString(),
            to: each.before,
            requestedAt: hidden.requestedAt
          })
          return keptOf(hidden)
        })
      )
    const projects = []
    for (const { before, id: removal, projectId: project } of due) {
      const done = yield* step(
        `remove ${project}`,
        Kept,
        Effect.map(untilDone(removal), keptOf)
      )
      yield* step(`forget ${project}`, Places, forgetCatalogue(project))
      projects.push({
        projectId: project,
        before,
        events: done.counts["events"] ?? 0
      })
    }
    return { projects }
  })
}

/** Projects that hold something older than they keep it. */
const dueOf = Effect.fnUntraced(
  function* (jobId: string, only: number | undefined) {
    const sql = yield* SqlClient.SqlClient
    const store = yield* ClickHouse
    const rows = yield* sql<{ projectId: bigint; settings: string; now: Date }>`
      SELECT p.id AS project_id, s.settings, clock_timestamp() AS now
        FROM control.projects AS p
        JOIN control.project_settings AS s ON s.project_id = p.id
       WHERE p.deleted_at IS NULL
         AND (${only === undefined} OR p.id = ${BigInt(only ?? 0)})
       ORDER BY p.id`
    const due = []
    for (const { now, projectId, settings } of rows) {
      const days = readSettings(settings)?.retention?.days
      if (days === undefined) continue
      const before = now.getTime() - days * DAY
      const old = yield* store.query(
        `SELECT 1 FROM events
          WHERE project_id = {project:UInt32}
            AND timestamp < fromUnixTimestamp64Milli({before:Int64}) LIMIT 1`,
        { params: { project: Number(projectId), before } }
      )
      if (old.length > 0)
        due.push({
          projectId: Number(projectId),
          before: new Date(before).toISOString(),
          id: idOf(jobId, projectId)
        })
    }
    return due
  },
  Effect.mapError(
    (error) => new JobUnavailable({ what: "the stores", detail: error._tag })
  )
)

/** A UUID of the job and the project, the same whenever the step is run again. */
const idOf = (jobId: string, projectId: bigint): string => {
  const hex = createHash("sha256").update(`${jobId}/${projectId}`).digest("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
