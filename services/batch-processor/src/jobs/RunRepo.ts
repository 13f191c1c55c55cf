import { retryTransient, within } from "@analytics/database/PostgresRetry"
import { storableJson } from "@analytics/database/unstorable"
import { Context, Effect, flow, Layer, Option, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { JobError, JobProgress, JobState } from "./Job.ts"
import { Whole } from "./JobRows.ts"

/** A run in the hands of one runner; `epoch` is what its writes are checked by. */
export interface Lease {
  readonly jobId: string
  readonly run: number
  readonly epoch: number
}

const Taken = Schema.Struct({
  epoch: Whole,
  type: Schema.String,
  projectId: Schema.NullOr(Whole),
  payload: Schema.Unknown,
  /** When its schedule meant it to run; else when it was made. */
  dueAt: Schema.Date,
  state: Schema.Literals(["running", "cancelling"]),
  attempts: Schema.Int,
  traceparent: Schema.NullOr(Schema.String)
})
export type Taken = typeof Taken.Type

const Beat = Schema.Struct({
  id: Schema.String,
  state: Schema.Literals(["running", "cancelling"]),
  spentMs: Whole
})
export type Beat = typeof Beat.Type

export interface End {
  readonly state: Extract<JobState, "succeeded" | "failed" | "cancelled" | "parked">
  readonly result?: unknown
  readonly error?: JobError
}

export interface LogLine {
  readonly level: "info" | "warning" | "error"
  readonly message: string
  readonly data?: Readonly<Record<string, string | number | boolean>> | undefined
}

type Stored<A> = Effect.Effect<A, SqlError.SqlError>

/**
 * What a runner writes. `false` or none: the run is not, or no longer, in its hands, and
 * nothing was written. Everything is tried again for a while when Postgres is away.
 */
export class RunRepo extends Context.Service<
  RunRepo,
  {
    take(jobId: string, run: number, owner: string): Stored<Option.Option<Taken>>
    /** How often this has begun since the run last got further. */
    beginStep(lease: Lease, step: string): Stored<Option.Option<number>>
    endStep(lease: Lease): Stored<boolean>
    /**
     * Of all that a runner has at once: those that are still its own. The time of those that
     * wait for memory is not counted.
     */
    beat(
      leases: ReadonlyArray<Lease>,
      waits?: (lease: Lease) => boolean
    ): Stored<ReadonlyArray<Beat>>
    progress(lease: Lease, progress: JobProgress): Stored<boolean>
    log(lease: Lease, line: LogLine): Stored<boolean>
    checkpoint(jobId: string, name: string): Stored<Option.Option<unknown>>
    saveCheckpoint(lease: Lease, name: string, value: unknown): Stored<boolean>
    /** Text that Postgres cannot hold is changed: an end that is refused is none. */
    end(lease: Lease, end: End): Stored<boolean>
    /** Another run, from its checkpoints: the engine lost this one. */
    startOver(lease: Lease): Stored<boolean>
  }
>()("@analytics/batch-processor/jobs/RunRepo") {
  static readonly layer = Layer.effect(
    RunRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const patiently = flow(within("5 seconds"), retryTransient("10 seconds"))
      const first =
        <A, I>(row: Schema.Codec<A, I>) =>
        (rows: ReadonlyArray<object>) =>
          Schema.decodeUnknownEffect(Schema.Array(row))(rows).pipe(
            Effect.map(([it]) => Option.fromUndefinedOr(it)),
            Effect.orDie
          )
      const firstTaken = first(Taken)
      const firstAttempts = first(Schema.Struct({ attempts: Schema.Int }))
      const firstValue = first(Schema.Struct({ value: Schema.Unknown }))
      const beatsOf = Schema.decodeUnknownEffect(Schema.Array(Beat))

      const held = ({ epoch, jobId }: Lease) =>
        sql`id = ${jobId}::uuid AND epoch = ${String(epoch)}::text::bigint
            AND state IN ('running', 'cancelling')`
      const written = (
        statement: Effect.Effect<ReadonlyArray<object>, SqlError.SqlError>
      ) => patiently(Effect.map(statement, (rows) => rows.length > 0))

      return RunRepo.of({
        // A runner that dies before it begins a step leaves no other trace than this.
        take: Effect.fn("RunRepo.take")((jobId, run, owner) =>
          patiently(sql`
            UPDATE jobs.jobs
               SET epoch = epoch + 1,
                   attempts = attempts
                     + CASE WHEN owner IS NOT NULL AND step IS NULL THEN 1 ELSE 0 END,
                   owner = ${owner}, step = NULL, heartbeat_at = clock_timestamp()
             WHERE id = ${jobId}::uuid AND run = ${run}::int
               AND state IN ('running', 'cancelling')
            RETURNING epoch, type, project_id, payload,
                      coalesce(scheduled_for, created_at) AS due_at,
                      state, attempts, traceparent`).pipe(Effect.flatMap(firstTaken))
        ),
        beginStep: Effect.fn("RunRepo.beginStep")((lease, step) =>
          patiently(sql`
            UPDATE jobs.jobs
               SET step = ${step}, attempts = attempts + 1,
                   heartbeat_at = clock_timestamp(),
                   spent_ms = spent_ms + ${sinceBeat(sql)}
             WHERE ${held(lease)}
            RETURNING attempts`).pipe(
            Effect.flatMap(firstAttempts),
            Effect.map(Option.map(({ attempts }) => attempts))
          )
        ),
        endStep: Effect.fn("RunRepo.endStep")((lease) =>
          written(sql`
            UPDATE jobs.jobs SET attempts = 0 WHERE ${held(lease)} RETURNING 1 AS ok`)
        ),
        beat: Effect.fn("RunRepo.beat")((leases, waits = () => false) =>
          sql`
            UPDATE jobs.jobs
               SET heartbeat_at = clock_timestamp(),
                   spent_ms = spent_ms
                     + CASE WHEN waits::boolean THEN 0 ELSE ${sinceBeat(sql)} END
              FROM unnest(${leases.map(({ jobId }) => jobId)}::uuid[],
                          ${leases.map(({ epoch }) => String(epoch))}::text[],
                          ${leases.map((lease) => String(waits(lease)))}::text[])
                   AS held (job_id, job_epoch, waits)
             WHERE id = job_id AND epoch = job_epoch::bigint
               AND state IN ('running', 'cancelling')
            RETURNING id, state, spent_ms`.pipe(
            within("4 seconds"),
            Effect.flatMap((rows) => Effect.orDie(beatsOf(rows)))
          )
        ),
        progress: Effect.fn("RunRepo.progress")((lease, progress) =>
          written(sql`
            UPDATE jobs.jobs SET progress = ${JSON.stringify(progress)}::text::jsonb
             WHERE ${held(lease)} RETURNING 1 AS ok`)
        ),
        log: Effect.fn("RunRepo.log")((lease, { data, level, message }) =>
          written(sql`
            WITH line AS (
              INSERT INTO jobs.log (job_id, level, message, data)
              SELECT id, ${level}, ${message.slice(0, LONGEST_MESSAGE)},
                     ${data === undefined ? null : JSON.stringify(data)}::text::jsonb
                FROM jobs.jobs WHERE ${held(lease)}
              RETURNING job_id),
            old AS (
              DELETE FROM jobs.log
               WHERE job_id = ${lease.jobId}::uuid
                 AND id <= (SELECT id FROM jobs.log WHERE job_id = ${lease.jobId}::uuid
                             ORDER BY id DESC OFFSET ${MOST_LINES - 1} LIMIT 1))
            SELECT 1 AS ok FROM line`)
        ),
        checkpoint: Effect.fn("RunRepo.checkpoint")((jobId, name) =>
          patiently(sql`
            SELECT value FROM jobs.checkpoints
             WHERE job_id = ${jobId}::uuid AND name = ${name}`).pipe(
            Effect.flatMap(firstValue),
            Effect.map(Option.map(({ value }) => value))
          )
        ),
        saveCheckpoint: Effect.fn("RunRepo.saveCheckpoint")((lease, name, value) =>
          written(sql`
            WITH mine AS (
              UPDATE jobs.jobs SET attempts = least(attempts, 1)
               WHERE ${held(lease)} RETURNING id)
            INSERT INTO jobs.checkpoints (job_id, name, value)
            SELECT id, ${name}, ${JSON.stringify(value)}::text::jsonb FROM mine
            ON CONFLICT (job_id, name)
            DO UPDATE SET value = EXCLUDED.value, saved_at = clock_timestamp()
            RETURNING 1 AS ok`)
        ),
        end: Effect.fn("RunRepo.end")((lease, { error, result, state }) =>
          written(sql`
            WITH ended AS (
              UPDATE jobs.jobs
                 SET state = ${state}, owner = NULL, step = NULL,
                     result = ${result === undefined ? null : storableJson(result)}::text::jsonb,
                     error = ${error === undefined ? null : storableJson(error)}::text::jsonb,
                     finished_at = clock_timestamp()
               WHERE ${held(lease)}
              RETURNING id)
            SELECT pg_notify('jobs_queued', '')::text FROM ended`)
        ),
        startOver: Effect.fn("RunRepo.startOver")((lease) =>
          written(sql`
            WITH queued AS (
              UPDATE jobs.jobs
                 SET state = CASE state WHEN 'cancelling' THEN state ELSE 'queued' END,
                     run = run + 1, owner = NULL, step = NULL,
                     heartbeat_at = to_timestamp(0)
               WHERE ${held(lease)}
              RETURNING id)
            SELECT pg_notify('jobs_queued', '')::text FROM queued`)
        )
      })
    })
  )
}

const MOST_LINES = 10_000
const LONGEST_MESSAGE = 2000

const sinceBeat = (sql: SqlClient.SqlClient) =>
  sql.literal("(extract(epoch FROM clock_timestamp() - heartbeat_at) * 1000)::bigint")
