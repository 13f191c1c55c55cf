import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { type JobsUnavailable, unavailable } from "../JobsUnavailable.ts"
import { JobRepo } from "../jobs/JobRepo.ts"
import type { MissedRuns } from "./dueRuns.ts"
import { ANY_NUMBER_WAITING, hasOpenJob, jobOfSchedule } from "./jobOfSchedule.ts"
import type { ScheduleId } from "./Schedule.ts"
import { ScheduleRow } from "./ScheduleRow.ts"

/** Schedules of one project, and of the installation itself. */
export const MAX_SCHEDULES = 100

/** Null sees everything: the administrator. */
type Viewer = number | null

export interface StoredSchedule {
  readonly projectId: number | null
  readonly name: string
  readonly type: string
  readonly payload: unknown
  readonly cron: string
  readonly timezone: string
  readonly missed: MissedRuns
  readonly nextAt: Date | null
  readonly createdBy: string
}

export interface StoredChange {
  readonly name?: string
  readonly payload?: unknown
  readonly cron?: string
  readonly timezone?: string
  readonly missed?: MissedRuns
  readonly nextAt?: Date | null
}

type Found = Effect.Effect<Option.Option<ScheduleRow>, JobsUnavailable>

/** `jobs.schedules`, as people see and change it. */
export class ScheduleRepo extends Context.Service<
  ScheduleRepo,
  {
    /** None when there are as many as may be. */
    insert(schedule: StoredSchedule): Found
    /**
     * Of another service, under an id of its own: made, or changed to be so. Its next run
     * stays unless its times are others. None: another project has this id.
     */
    put(id: ScheduleId, schedule: StoredSchedule): Found
    byId(viewer: Viewer, id: ScheduleId): Found
    /** In the order in which they were made, after the one named. */
    page(
      viewer: Viewer,
      after: ScheduleId | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<ScheduleRow>, JobsUnavailable>
    update(viewer: Viewer, id: ScheduleId, change: StoredChange): Found
    pause(viewer: Viewer, id: ScheduleId): Found
    resume(viewer: Viewer, id: ScheduleId, nextAt: Date | null): Found
    remove(viewer: Viewer, id: ScheduleId): Effect.Effect<boolean, JobsUnavailable>
    /** A job beside the timetable; false when one is not finished. */
    runNow(
      schedule: ScheduleRow,
      createdBy: string
    ): Effect.Effect<boolean, JobsUnavailable>
  }
>()("@analytics/batch-processor/schedules/ScheduleRepo") {
  static readonly layer = Layer.effect(
    ScheduleRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const jobs = yield* JobRepo
      const rowsOf = Schema.decodeUnknownEffect(Schema.Array(ScheduleRow))
      const columns = sql.literal(`
        s.id, s.project_id, s.name, s.type, s.payload, s.cron, s.timezone, s.missed,
        s.paused_at, s.next_at, s.skipped_runs, s.last_skipped, s.created_by,
        s.created_at, s.updated_at,
        (SELECT jsonb_build_object('id', j.id, 'state', j.state,
                'scheduledFor', j.scheduled_for, 'createdAt', j.created_at,
                'finishedAt', j.finished_at)
           FROM jobs.jobs AS j WHERE j.schedule_id = s.id
          ORDER BY j.id DESC LIMIT 1) AS last_job`)
      const seenBy = (viewer: Viewer) =>
        viewer === null
          ? sql`true`
          : sql`s.project_id = ${String(viewer)}::text::bigint`
      const decoded = <E, R>(statement: Effect.Effect<ReadonlyArray<unknown>, E, R>) =>
        Effect.flatMap(within("5 seconds")(statement), rowsOf)
      const first = <E, R>(statement: Effect.Effect<ReadonlyArray<unknown>, E, R>) =>
        Effect.map(decoded(statement), (found) => Option.fromUndefinedOr(found[0]))

      return ScheduleRepo.of({
        insert: Effect.fn("ScheduleRepo.insert")(
          (schedule: StoredSchedule) => {
            const project =
              schedule.projectId === null ? null : String(schedule.projectId)
            return first(
              sql`
                INSERT INTO jobs.schedules AS s
                  (id, project_id, name, type, payload, cron, timezone, missed,
                   next_at, created_by)
                SELECT ${Bun.randomUUIDv7()}::uuid, ${project}::text::bigint,
                       ${schedule.name}::text, ${schedule.type}::text,
                       ${JSON.stringify(schedule.payload)}::text::jsonb,
                       ${schedule.cron}::text, ${schedule.timezone}::text,
                       ${schedule.missed}::text, ${schedule.nextAt}::timestamptz,
                       ${schedule.createdBy}::text
                 WHERE (SELECT count(*) FROM jobs.schedules AS o
                         WHERE o.project_id IS NOT DISTINCT FROM
                               ${project}::text::bigint) < ${MAX_SCHEDULES}::int
                RETURNING ${columns}`
            )
          },
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        put: Effect.fn("ScheduleRepo.put")(
          (id: ScheduleId, schedule: StoredSchedule) => {
            const { createdBy, cron, missed, name, nextAt, timezone, type } = schedule
            return first(sql`
              INSERT INTO jobs.schedules AS s
                (id, project_id, name, type, payload, cron, timezone, missed,
                 next_at, created_by)
              VALUES (${id}::uuid, ${String(schedule.projectId)}::text::bigint, ${name},
                      ${type}, ${JSON.stringify(schedule.payload)}::text::jsonb, ${cron},
                      ${timezone}, ${missed}, ${nextAt}::timestamptz, ${createdBy})
              ON CONFLICT (id) DO UPDATE
                 SET name = excluded.name, payload = excluded.payload,
                     cron = excluded.cron, timezone = excluded.timezone,
                     missed = excluded.missed,
                     next_at = CASE WHEN s.cron = excluded.cron
                                     AND s.timezone = excluded.timezone
                                    THEN s.next_at ELSE excluded.next_at END,
                     updated_at = clock_timestamp()
               WHERE s.project_id = excluded.project_id AND s.type = excluded.type
              RETURNING ${columns}`)
          },
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        byId: Effect.fn("ScheduleRepo.byId")(
          (viewer: Viewer, id: ScheduleId) =>
            first(sql`
              SELECT ${columns} FROM jobs.schedules AS s
               WHERE s.id = ${id}::uuid AND ${seenBy(viewer)}`),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        page: Effect.fn("ScheduleRepo.page")(
          (viewer: Viewer, after: ScheduleId | undefined, limit: number) =>
            decoded(sql`
              SELECT ${columns} FROM jobs.schedules AS s
               WHERE ${seenBy(viewer)}
                 AND (${after ?? null}::uuid IS NULL OR s.id > ${after ?? null}::uuid)
               ORDER BY s.id LIMIT ${limit}::int`),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        update: Effect.fn("ScheduleRepo.update")(
          (viewer: Viewer, id: ScheduleId, change: StoredChange) => {
            const payload =
              change.payload === undefined ? null : JSON.stringify(change.payload)
            return first(sql`
              UPDATE jobs.schedules AS s
                 SET name = coalesce(${change.name ?? null}::text, s.name),
                     payload = coalesce(${payload}::text::jsonb, s.payload),
                     cron = coalesce(${change.cron ?? null}::text, s.cron),
                     timezone = coalesce(${change.timezone ?? null}::text, s.timezone),
                     missed = coalesce(${change.missed ?? null}::text, s.missed),
                     next_at = coalesce(${change.nextAt ?? null}::timestamptz, s.next_at),
                     updated_at = clock_timestamp()
               WHERE s.id = ${id}::uuid AND ${seenBy(viewer)}
              RETURNING ${columns}`)
          },
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        pause: Effect.fn("ScheduleRepo.pause")(
          (viewer: Viewer, id: ScheduleId) =>
            first(sql`
              UPDATE jobs.schedules AS s
                 SET paused_at = coalesce(s.paused_at, clock_timestamp())
               WHERE s.id = ${id}::uuid AND ${seenBy(viewer)}
              RETURNING ${columns}`),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        resume: Effect.fn("ScheduleRepo.resume")(
          (viewer: Viewer, id: ScheduleId, nextAt: Date | null) =>
            first(sql`
              UPDATE jobs.schedules AS s
                 SET next_at = CASE WHEN s.paused_at IS NULL THEN s.next_at
                                    ELSE ${nextAt}::timestamptz END,
                     paused_at = NULL
               WHERE s.id = ${id}::uuid AND ${seenBy(viewer)}
              RETURNING ${columns}`),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        remove: Effect.fn("ScheduleRepo.remove")(
          (viewer: Viewer, id: ScheduleId) =>
            sql`
              DELETE FROM jobs.schedules AS s
               WHERE s.id = ${id}::uuid AND ${seenBy(viewer)}
              RETURNING s.id`.pipe(
              within("5 seconds"),
              Effect.map((removed) => removed.length > 0)
            ),
          Effect.catchTag("SqlError", unavailable)
        ),
        runNow: Effect.fn("ScheduleRepo.runNow")(
          (schedule: ScheduleRow, createdBy: string) =>
            Effect.gen(function* () {
              // The scheduler takes the same lock before it looks for an open job.
              yield* sql`
                SELECT FROM jobs.schedules
                 WHERE id = ${schedule.id}::uuid FOR UPDATE`
              if (yield* hasOpenJob(sql, schedule.id)) return false
              const job = yield* jobOfSchedule({ ...schedule, createdBy }, null)
              yield* jobs.insert(job, ANY_NUMBER_WAITING)
              return true
            }).pipe(sql.withTransaction, within("5 seconds")),
          Effect.catchTag("SqlError", unavailable)
        )
      })
    })
  )
}
