import { within } from "@analytics/database/PostgresRetry"
import { Context, type DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { type JobsUnavailable, unavailable } from "../JobsUnavailable.ts"
import type { JobLogLine, JobState, JobView } from "./Job.ts"
import { Instant, JobRow, jobColumns, LogRow } from "./JobRows.ts"

export interface NewJob {
  readonly id: string
  readonly projectId: number | null
  readonly type: string
  readonly payload: unknown
  readonly createdBy: string
  readonly traceparent: string | null
  readonly traceId: string | null
  /** Of a schedule: there is one job for each due time; null, when somebody ran it. */
  readonly schedule?: { readonly id: string; readonly dueAt: DateTime.Utc | null }
  /** The name that the caller gave the submission, and what was asked under it. */
  readonly submission?: { readonly key: string; readonly fingerprint: string }
}

export type Inserted =
  | { readonly _tag: "Inserted" | "Known"; readonly job: JobView }
  | { readonly _tag: "Full" | "KeyReused" }

export interface JobFilter {
  /** undefined: of every project; null: of none. */
  readonly projectId: number | null | undefined
  readonly state?: JobState
  readonly type?: string
}

/** Jobs as those who submit them see them. Another project's job is none. */
export class JobRepo extends Context.Service<
  JobRepo,
  {
    insert(job: NewJob, mostWaiting: number): Effect.Effect<Inserted, JobsUnavailable>
    /** `projectId` undefined: whosever it is. */
    find(
      id: string,
      projectId: number | undefined
    ): Effect.Effect<Option.Option<JobView>, JobsUnavailable>
    /** Newest first, from the job after `cursor`. */
    page(
      filter: JobFilter,
      cursor: string | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<JobView>, JobsUnavailable>
    /** None when it had ended. */
    requestCancel(id: string): Effect.Effect<Option.Option<JobView>, JobsUnavailable>
    /** The next run of a job that failed, was cancelled or is parked; none of another. */
    retry(id: string): Effect.Effect<Option.Option<JobView>, JobsUnavailable>
    /** In the order in which they were written, after line `cursor`. */
    log(
      id: string,
      cursor: number,
      limit: number
    ): Effect.Effect<ReadonlyArray<JobLogLine>, JobsUnavailable>
  }
>()("@analytics/batch-processor/jobs/JobRepo") {
  static readonly layer = Layer.effect(
    JobRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(jobColumns)
      const jobsOf = Schema.decodeUnknownEffect(Schema.Array(JobRow))
      const one = (rows: ReadonlyArray<object>) =>
        Effect.map(jobsOf(rows), ([job]) => Option.fromUndefinedOr(job))
      const linesOf = Schema.decodeUnknownEffect(Schema.Array(LogRow))
      const Submitted = Schema.Struct({
        fingerprint: Schema.String,
        jobId: Schema.String
      })
      const submittedOf = Schema.decodeUnknownEffect(Schema.Array(Submitted))
      const encodeInstant = Schema.encodeSync(Instant)

      const byId = (id: string) =>
        Effect.flatMap(
          sql`SELECT ${columns} FROM jobs.jobs WHERE id = ${id}::uuid`,
          one
        )

      /** What was submitted before under the same name, or for the same due time. */
      const earlier = Effect.fnUntraced(function* (job: NewJob) {
        if (job.submission !== undefined) {
          const [known] = yield* submittedOf(
            yield* sql`
              SELECT fingerprint, job_id FROM jobs.submissions
               WHERE actor = ${job.createdBy} AND key = ${job.submission.key}`
          )
          if (known !== undefined) {
            if (known.fingerprint !== job.submission.fingerprint)
              return { _tag: "KeyReused" } as const
            return yield* asKnown(yield* byId(known.jobId))
          }
        }
        const due = job.schedule?.dueAt ?? null
        if (job.schedule !== undefined && due !== null) {
          const known = yield* Effect.flatMap(
            sql`
              SELECT ${columns} FROM jobs.jobs
               WHERE schedule_id = ${job.schedule.id}::uuid
                 AND scheduled_for = ${encodeInstant(due)}`,
            one
          )
          if (Option.isSome(known)) return yield* asKnown(known)
        }
        return undefined
      })

      const insert = Effect.fnUntraced(function* (job: NewJob, mostWaiting: number) {
        const project = job.projectId === null ? null : String(job.projectId)
        const due = job.schedule?.dueAt ?? null
        const dueAt = due === null ? null : encodeInstant(due)
        // One at a time, or two could both see the last free place.
        yield* sql`SELECT pg_advisory_xact_lock(${LOCKS}::int, hashtext(concat(${job.type}::text, '/', ${project}::text)))`
        const before = yield* earlier(job)
        if (before !== undefined) return before
        const rows = yield* sql`
          WITH made AS (
            INSERT INTO jobs.jobs (id, project_id, type, payload, created_by, traceparent,
                                   trace_id, schedule_id, scheduled_for)
            SELECT ${job.id}::uuid, ${project}::text::bigint, ${job.type},
                   ${JSON.stringify(job.payload)}::text::jsonb, ${job.createdBy},
                   ${job.traceparent}, ${job.traceId},
                   ${job.schedule?.id ?? null}::text::uuid,
                   ${dueAt}::timestamptz
             WHERE (SELECT count(*) FROM jobs.jobs
                     WHERE state = 'queued' AND type = ${job.type}
                       AND project_id IS NOT DISTINCT FROM ${project}::text::bigint)
                   < ${mostWaiting}::int
            RETURNING *)
          SELECT ${columns}, pg_notify('jobs_queued', '') FROM made`
        const made = yield* one(rows)
        if (Option.isNone(made)) return { _tag: "Full" } as const
        if (job.submission !== undefined)
          yield* sql`
            INSERT INTO jobs.submissions (actor, key, fingerprint, job_id)
            VALUES (${job.createdBy}, ${job.submission.key},
                    ${job.submission.fingerprint}, ${job.id}::uuid)`
        return { _tag: "Inserted", job: made.value } as const
      })

      return JobRepo.of({
        insert: Effect.fn("JobRepo.insert")(
          (job: NewJob, mostWaiting: number) =>
            insert(job, mostWaiting).pipe(sql.withTransaction, within("5 seconds")),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        find: Effect.fn("JobRepo.find")(
          (id: string, projectId: number | undefined) =>
            sql`
              SELECT ${columns} FROM jobs.jobs
               WHERE id = ${id}::uuid AND ${ofProject(sql, projectId)}`.pipe(
              within("5 seconds"),
              Effect.flatMap(one)
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        page: Effect.fn("JobRepo.page")(
          (
            { projectId, state, type }: JobFilter,
            cursor: string | undefined,
            limit: number
          ) => {
            const conditions = [
              ofProject(sql, projectId),
              ...(state === undefined ? [] : [sql`state = ${state}`]),
              ...(type === undefined ? [] : [sql`type = ${type}`]),
              ...(cursor === undefined ? [] : [sql`id < ${cursor}::uuid`])
            ]
            return sql`
              SELECT ${columns} FROM jobs.jobs
               WHERE ${sql.and(conditions)}
               ORDER BY id DESC
               LIMIT ${limit}`.pipe(within("10 seconds"), Effect.flatMap(jobsOf))
          },
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        requestCancel: Effect.fn("JobRepo.requestCancel")(
          (id: string) =>
            // What an earlier run left behind is cleaned up by a runner.
            sql`
              WITH cancelled AS (
                UPDATE jobs.jobs
                   SET state = CASE WHEN state = 'queued' AND run = 1 THEN 'cancelled'
                                    ELSE 'cancelling' END,
                       finished_at = CASE WHEN state = 'queued' AND run = 1
                                          THEN clock_timestamp() END,
                       heartbeat_at = CASE WHEN state = 'queued'
                                           THEN to_timestamp(0)
                                           ELSE heartbeat_at END,
                       cancel_requested_at =
                         coalesce(cancel_requested_at, clock_timestamp())
                 WHERE id = ${id}::uuid AND state IN ('queued', 'running', 'cancelling')
                RETURNING *)
              SELECT ${columns}, pg_notify('jobs_cancelled', id::text) FROM cancelled`.pipe(
              within("5 seconds"),
              Effect.flatMap(one)
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        retry: Effect.fn("JobRepo.retry")(
          (id: string) =>
            sql`
              WITH queued AS (
                UPDATE jobs.jobs
                   SET state = 'queued', run = run + 1, attempts = 0, spent_ms = 0,
                       owner = NULL, step = NULL, error = NULL, result = NULL,
                       heartbeat_at = NULL, started_at = NULL, finished_at = NULL,
                       cancel_requested_at = NULL, swept_at = NULL
                 WHERE id = ${id}::uuid AND state IN ('failed', 'cancelled', 'parked')
                RETURNING *)
              SELECT ${columns}, pg_notify('jobs_queued', '') FROM queued`.pipe(
              within("5 seconds"),
              Effect.flatMap(one)
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        log: Effect.fn("JobRepo.log")(
          (id: string, cursor: number, limit: number) =>
            sql`
              SELECT id, at, level, message, data FROM jobs.log
               WHERE job_id = ${id}::uuid AND id > ${String(cursor)}::text::bigint
               ORDER BY id
               LIMIT ${limit}`.pipe(within("5 seconds"), Effect.flatMap(linesOf)),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        )
      })
    })
  )
}

/** Distinguishes these advisory locks from others. */
const LOCKS = 7104

const ofProject = (sql: SqlClient.SqlClient, projectId: number | null | undefined) =>
  projectId === undefined
    ? sql`TRUE`
    : projectId === null
      ? sql`project_id IS NULL`
      : sql`project_id = ${String(projectId)}::text::bigint`

const asKnown = (job: Option.Option<JobView>) =>
  Effect.map(Effect.orDie(Effect.fromOption(job)), (known) => ({
    _tag: "Known" as const,
    job: known
  }))
