import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { JobLimits } from "./JobType.ts"

/** A run that is to be started. */
const Start = Schema.Struct({ id: Schema.String, run: Schema.Int })
export type Start = typeof Start.Type

const Waiting = Schema.Struct({
  type: Schema.String,
  jobs: Schema.Int,
  oldestSeconds: Schema.Finite
})

type Stored<A> = Effect.Effect<A, SqlError.SqlError>

/** A run that gives no sign of life; `owned`: a runner had taken it. */
const Silent = Schema.Struct({ ...Start.fields, owned: Schema.Boolean })
export type Silent = typeof Silent.Type

/** What the dispatcher decides, each in one statement. */
export class DispatchRepo extends Context.Service<
  DispatchRepo,
  {
    /** Queued jobs that the limits allow now, project by project in turn; they are running from then on. */
    claim(
      types: ReadonlyArray<{ readonly name: string; readonly limits: JobLimits }>,
      limit: number
    ): Stored<ReadonlyArray<Start>>
    /** Back into the queue, unless a runner has taken it. */
    unclaim(start: Start): Stored<void>
    /**
     * Running jobs without a sign of life for 30 s, or that no runner took for 10 s; each
     * once in that time.
     */
    readonly silent: Stored<ReadonlyArray<Silent>>
    /** Jobs in the queue, and how long the oldest has been there, by type. */
    readonly waiting: Stored<ReadonlyArray<typeof Waiting.Type>>
    /** Jobs that wait for a person. */
    readonly parked: Stored<number>
    /** The next run of a silent job that the engine takes for done. */
    startOver(start: Start): Stored<void>
    /** Ended jobs of which the engine may still keep something. */
    unswept(limit: number): Stored<ReadonlyArray<Start>>
    swept(ids: ReadonlyArray<string>): Stored<void>
  }
>()("@analytics/batch-processor/jobs/DispatchRepo") {
  static readonly layer = Layer.effect(
    DispatchRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const decode = Schema.decodeUnknownEffect(Schema.Array(Start))
      const decodeWaiting = Schema.decodeUnknownEffect(Schema.Array(Waiting))
      const decodeSilent = Schema.decodeUnknownEffect(Schema.Array(Silent))
      const startsOf = (rows: ReadonlyArray<object>) => Effect.orDie(decode(rows))

      return DispatchRepo.of({
        claim: Effect.fn("DispatchRepo.claim")((types, limit) =>
          sql`
            WITH limits AS (
              SELECT * FROM unnest(
                ${types.map(({ name }) => name)}::text[],
                ${types.map(({ limits }) => limits.perProject)}::int[],
                ${types.map(({ limits }) => limits.inAll)}::int[]
              ) AS l (type, per_project, in_all)),
            busy AS (
              SELECT type, project_id, count(*) AS jobs FROM jobs.jobs
               WHERE state IN ('running', 'cancelling') GROUP BY type, project_id),
            lined_up AS (
              SELECT j.id, j.type, l.per_project, l.in_all,
                     coalesce(b.jobs, 0) + row_number() OVER (
                       PARTITION BY j.type, j.project_id ORDER BY j.id) AS turn
                FROM jobs.jobs AS j
                JOIN limits AS l ON l.type = j.type
                LEFT JOIN busy AS b ON b.type = j.type
                                   AND b.project_id IS NOT DISTINCT FROM j.project_id
               WHERE j.state = 'queued'),
            allowed AS (
              SELECT id, turn, in_all,
                     coalesce((SELECT sum(b.jobs) FROM busy AS b
                                WHERE b.type = lined_up.type), 0)
                     + row_number() OVER (PARTITION BY type ORDER BY turn, id) AS place
                FROM lined_up WHERE turn <= per_project),
            next AS (
              SELECT id FROM allowed WHERE place <= in_all
               ORDER BY turn, id LIMIT ${limit}::int)
            UPDATE jobs.jobs AS j
               SET state = 'running', owner = NULL, step = NULL,
                   started_at = coalesce(started_at, clock_timestamp()),
                   heartbeat_at = clock_timestamp()
              FROM next
             WHERE j.id = next.id AND j.state = 'queued'
            RETURNING j.id, j.run`.pipe(within("10 seconds"), Effect.flatMap(startsOf))
        ),
        unclaim: Effect.fn("DispatchRepo.unclaim")(({ id, run }) =>
          sql`
            UPDATE jobs.jobs SET state = 'queued'
             WHERE id = ${id}::uuid AND run = ${run}::int
               AND state = 'running' AND owner IS NULL`.pipe(
            within("5 seconds"),
            Effect.asVoid
          )
        ),
        silent: sql`
          UPDATE jobs.jobs SET heartbeat_at = clock_timestamp()
           WHERE state IN ('running', 'cancelling')
             AND heartbeat_at < clock_timestamp()
                 - CASE WHEN owner IS NULL THEN interval '10 seconds'
                        ELSE interval '30 seconds' END
          RETURNING id, run, owner IS NOT NULL AS owned`.pipe(
          within("5 seconds"),
          Effect.flatMap((rows) => Effect.orDie(decodeSilent(rows))),
          Effect.withSpan("DispatchRepo.silent")
        ),
        waiting: sql`
          SELECT type, count(*)::int AS jobs,
                 extract(epoch FROM clock_timestamp() - min(created_at))::float8
                   AS oldest_seconds
            FROM jobs.jobs WHERE state = 'queued' GROUP BY type`.pipe(
          within("5 seconds"),
          Effect.flatMap((rows) => Effect.orDie(decodeWaiting(rows)))
        ),
        parked: sql<{ jobs: number }>`
          SELECT count(*)::int AS jobs FROM jobs.jobs WHERE state = 'parked'`.pipe(
          within("5 seconds"),
          Effect.map(([row]) => row?.jobs ?? 0)
        ),
        startOver: Effect.fn("DispatchRepo.startOver")(({ id, run }) =>
          sql`
            UPDATE jobs.jobs
               SET state = CASE state WHEN 'cancelling' THEN state ELSE 'queued' END,
                   run = run + 1, owner = NULL, heartbeat_at = to_timestamp(0)
             WHERE id = ${id}::uuid AND run = ${run}::int
               AND state IN ('running', 'cancelling')`.pipe(
            within("5 seconds"),
            Effect.asVoid
          )
        ),
        unswept: Effect.fn("DispatchRepo.unswept")((limit) =>
          sql`
            SELECT id, run FROM jobs.jobs
             WHERE finished_at < clock_timestamp() - interval '10 minutes'
               AND swept_at IS NULL
             ORDER BY finished_at
             LIMIT ${limit}::int`.pipe(within("5 seconds"), Effect.flatMap(startsOf))
        ),
        swept: Effect.fn("DispatchRepo.swept")((ids) =>
          sql`
            UPDATE jobs.jobs SET swept_at = clock_timestamp()
             WHERE id = ANY(${ids}::uuid[])`.pipe(within("5 seconds"), Effect.asVoid)
        )
      })
    })
  )
}
