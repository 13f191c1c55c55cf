import { within } from "@analytics/database/PostgresRetry"
import { Context, type DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import { type JobsUnavailable, unavailable } from "../JobsUnavailable.ts"

export interface NewUpload {
  readonly id: string
  readonly projectId: number
  readonly createdBy: string
  /** Milliseconds that it is kept. */
  readonly retention: number
}

const Expiry = Schema.Struct({ expiresAt: Schema.DateTimeUtcFromDate })
const Id = Schema.Struct({ id: Schema.String })

export class UploadRepo extends Context.Service<
  UploadRepo,
  {
    /** None when the project has `most` uploads already. */
    begin(
      upload: NewUpload,
      most: number
    ): Effect.Effect<Option.Option<DateTime.Utc>, JobsUnavailable>
    complete(
      id: string,
      written: { readonly bytes: number; readonly sha256: string }
    ): Effect.Effect<void, JobsUnavailable>
    /** Whether it is complete, of this project, and has not expired. */
    has(projectId: number, id: string): Effect.Effect<boolean, JobsUnavailable>
    /** Up to `limit` that have expired and that no open job names. */
    expired(limit: number): Effect.Effect<ReadonlyArray<string>, JobsUnavailable>
    remove(id: string): Effect.Effect<void, JobsUnavailable>
  }
>()("@analytics/batch-processor/uploads/UploadRepo") {
  static readonly layer = Layer.effect(
    UploadRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      /** A job that is open, or that somebody may still retry, keeps its upload. */
      const wanted = sql.literal(`EXISTS (
        SELECT 1 FROM jobs.jobs AS j
         WHERE j.project_id = u.project_id
           AND j.type = 'import'
           AND j.state IN ('queued', 'running', 'cancelling', 'parked')
           AND j.payload -> 'source' ->> 'upload' = u.id::text)`)

      const insert = SqlSchema.findOneOption({
        Request: Schema.Struct({
          id: Schema.String,
          projectId: Schema.String,
          createdBy: Schema.String,
          retention: Schema.Number,
          most: Schema.Int
        }),
        Result: Expiry,
        execute: ({ createdBy, id, most, projectId, retention }) => sql`
          INSERT INTO jobs.uploads (id, project_id, created_by, expires_at)
          SELECT ${id}::uuid, ${projectId}::text::bigint, ${createdBy},
                 clock_timestamp() + ${retention}::float8 * interval '1 millisecond'
           WHERE (SELECT count(*) FROM jobs.uploads
                   WHERE project_id = ${projectId}::text::bigint) < ${most}
          RETURNING expires_at`
      })
      const select = SqlSchema.findAll({
        Request: Schema.Struct({ id: Schema.String, projectId: Schema.String }),
        Result: Id,
        execute: ({ id, projectId }) => sql`
          SELECT id FROM jobs.uploads AS u
           WHERE id = ${id}::uuid AND project_id = ${projectId}::text::bigint
             AND bytes IS NOT NULL
             AND (expires_at > clock_timestamp() OR ${wanted})`
      })
      const selectExpired = SqlSchema.findAll({
        Request: Schema.Int,
        Result: Id,
        execute: (limit) => sql`
          SELECT id FROM jobs.uploads AS u
           WHERE expires_at <= clock_timestamp() AND NOT ${wanted}
           ORDER BY expires_at
           LIMIT ${limit}`
      })

      return UploadRepo.of({
        begin: Effect.fn("UploadRepo.begin")(
          (upload: NewUpload, most: number) =>
            insert({ ...upload, projectId: String(upload.projectId), most }).pipe(
              within("5 seconds"),
              Effect.map(Option.map(({ expiresAt }) => expiresAt))
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        complete: Effect.fn("UploadRepo.complete")(
          (id: string, { bytes, sha256 }) =>
            sql`
              UPDATE jobs.uploads
                 SET bytes = ${String(bytes)}::text::bigint, sha256 = ${sha256}
               WHERE id = ${id}::uuid`.pipe(within("5 seconds"), Effect.asVoid),
          Effect.catchTags({ SqlError: unavailable })
        ),
        has: Effect.fn("UploadRepo.has")(
          (projectId: number, id: string) =>
            select({ id, projectId: String(projectId) }).pipe(
              within("5 seconds"),
              Effect.map((found) => found.length > 0)
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        expired: Effect.fn("UploadRepo.expired")(
          (limit: number) =>
            selectExpired(limit).pipe(
              within("10 seconds"),
              Effect.map((rows) => rows.map(({ id }) => id))
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        remove: Effect.fn("UploadRepo.remove")(
          (id: string) =>
            sql`DELETE FROM jobs.uploads WHERE id = ${id}::uuid`.pipe(
              within("5 seconds"),
              Effect.asVoid
            ),
          Effect.catchTags({ SqlError: unavailable })
        )
      })
    })
  )
}
