import { randomUUID } from "node:crypto"
import { within } from "@analytics/database/PostgresRetry"
import type { RenderFormat } from "@analytics/reports/RenderFormat"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { orUnavailable, type ReportsUnavailable } from "../ReportsUnavailable.ts"
import { Run, type RunFile } from "./Run.ts"

const orNull = Schema.NullOr(Schema.Date)
const Row = Schema.Struct({
  ...Run.fields,
  projectId: Schema.Union([Schema.Int, Schema.BigInt]),
  asOf: orNull,
  from: orNull,
  to: orNull,
  createdAt: Schema.Date,
  finishedAt: orNull
})

export interface NewRun {
  readonly projectId: number
  readonly reportId: string | null
  readonly reportVersion: number | null
  readonly name: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly formats: ReadonlyArray<RenderFormat>
  readonly reason: string
  readonly key: string | null
  readonly actor: string
}

export interface Made {
  readonly asOf: string
  readonly from: string
  readonly to: string
  readonly documentSha256: string
  readonly failedSections: number
}

export interface RunFilter {
  readonly reportId?: string | undefined
  /** Id of the run that a page begins after. */
  readonly after?: string | undefined
  readonly limit: number
}

/** Without a heartbeat for so long, a run is taken for lost with its process. */
const LOST = "30 seconds"

/** Runs in Postgres. One of another project does not exist. */
export class RunRepo extends Context.Service<
  RunRepo,
  {
    /**
     * Begins a run. Of a key there is one: `mine` is false when it runs elsewhere or has
     * succeeded; one that failed or was lost begins again.
     */
    begin(
      run: NewRun
    ): Effect.Effect<{ readonly run: Run; readonly mine: boolean }, ReportsUnavailable>
    beat(id: string): Effect.Effect<void, ReportsUnavailable>
    made(id: string, made: Made): Effect.Effect<void, ReportsUnavailable>
    /** One of the same format takes the place of an older one. */
    addFile(id: string, file: RunFile): Effect.Effect<void, ReportsUnavailable>
    /** `error` null: it succeeded, which no late failure of another process undoes. */
    finish(id: string, error: string | null): Effect.Effect<void, ReportsUnavailable>
    byId(
      projectId: number,
      id: string
    ): Effect.Effect<Option.Option<Run>, ReportsUnavailable>
    /** Newest first. */
    page(
      projectId: number,
      filter: RunFilter
    ): Effect.Effect<ReadonlyArray<Run>, ReportsUnavailable>
    /** The newest that succeeded before that one, of the same report. */
    previous(run: Run): Effect.Effect<Option.Option<Run>, ReportsUnavailable>
    /** Runs without a heartbeat have failed. */
    readonly failLost: Effect.Effect<void, ReportsUnavailable>
    /** Runs that are older than so many milliseconds, at most a thousand. */
    older(
      milliseconds: number
    ): Effect.Effect<
      ReadonlyArray<{ readonly id: string; readonly projectId: number }>,
      ReportsUnavailable
    >
    remove(ids: ReadonlyArray<string>): Effect.Effect<void, ReportsUnavailable>
  }
>()("@analytics/reporting-engine/runs/RunRepo") {
  static readonly layer = Layer.effect(
    RunRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const decode = Schema.decodeUnknownEffect(Schema.Array(Row))
      const rows = (found: unknown) =>
        Effect.map(
          decode(found),
          (all): ReadonlyArray<Run> =>
            all.map((row) => ({ ...row, projectId: Number(row.projectId) }))
        )
      const first = (found: unknown) =>
        Effect.map(rows(found), (all) => Option.fromUndefinedOr(all[0]))
      const of = (projectId: number) => sql`${String(projectId)}::text::bigint`
      const columns = sql.literal(`id, project_id, report_id, report_version, name,
        parameters, formats, reason, state, error, as_of, range_from AS "from",
        range_to AS "to", document_sha256, failed_sections, files, created_by,
        created_at, finished_at`)
      const lost = sql.literal(
        `r.state = 'running' AND r.heartbeat_at < clock_timestamp() - interval '${LOST}'`
      )
      const byId = (id: string) =>
        sql`SELECT ${columns} FROM reports.runs WHERE id = ${id}::uuid`
      const only = <A>(found: Option.Option<A>) =>
        Option.isSome(found)
          ? Effect.succeed(found.value)
          : Effect.die("a run that was just written is gone")

      return RunRepo.of({
        begin: Effect.fn("RunRepo.begin")((run) =>
          Effect.gen(function* () {
            const id = randomUUID()
            const made = yield* sql`
              INSERT INTO reports.runs AS r
                     (id, project_id, report_id, report_version, name, parameters,
                      formats, reason, key, state, created_by)
              VALUES (${id}::uuid, ${of(run.projectId)}, ${run.reportId}::text::uuid,
                      ${run.reportVersion}::int, ${run.name},
                      ${JSON.stringify(run.parameters)}::text::jsonb,
                      ${[...run.formats]}::text[], ${run.reason}, ${run.key}, 'running',
                      ${run.actor})
              ON CONFLICT (project_id, key) DO UPDATE
                 SET state = 'running', error = NULL, finished_at = NULL,
                     heartbeat_at = clock_timestamp(), name = excluded.name,
                     report_id = excluded.report_id,
                     report_version = excluded.report_version,
                     parameters = excluded.parameters, formats = excluded.formats,
                     as_of = NULL, range_from = NULL, range_to = NULL,
                     document_sha256 = NULL, failed_sections = 0, files = '[]'
               WHERE r.state = 'failed' OR (${lost})
              RETURNING id`
            const mine = made.length > 0
            const found = mine
              ? yield* Effect.flatMap(byId(String(made[0]?.["id"])), first)
              : yield* Effect.flatMap(
                  sql`
                    SELECT ${columns} FROM reports.runs
                     WHERE project_id = ${of(run.projectId)} AND key = ${run.key}`,
                  first
                )
            return { run: yield* only(found), mine }
          }).pipe(within("5 seconds"), orUnavailable)
        ),
        beat: Effect.fn("RunRepo.beat")((id) =>
          sql`
            UPDATE reports.runs SET heartbeat_at = clock_timestamp()
             WHERE id = ${id}::uuid AND state = 'running'`.pipe(
            within("5 seconds"),
            Effect.asVoid,
            orUnavailable
          )
        ),
        made: Effect.fn("RunRepo.made")((id, made) =>
          sql`
            UPDATE reports.runs
               SET as_of = ${made.asOf}::text::timestamptz,
                   range_from = ${made.from}::text::timestamptz,
                   range_to = ${made.to}::text::timestamptz,
                   document_sha256 = ${made.documentSha256},
                   failed_sections = ${made.failedSections}::int
             WHERE id = ${id}::uuid`.pipe(
            within("5 seconds"),
            Effect.asVoid,
            orUnavailable
          )
        ),
        addFile: Effect.fn("RunRepo.addFile")((id, file) =>
          sql`
            UPDATE reports.runs
               SET files = (SELECT coalesce(jsonb_agg(f), '[]') FROM jsonb_array_elements(files) AS f
                             WHERE f->>'format' <> ${file.format}::text)
                           || ${JSON.stringify([file])}::text::jsonb
             WHERE id = ${id}::uuid`.pipe(
            within("5 seconds"),
            Effect.asVoid,
            orUnavailable
          )
        ),
        finish: Effect.fn("RunRepo.finish")((id, error) =>
          sql`
            UPDATE reports.runs
               SET state = ${error === null ? "succeeded" : "failed"}, error = ${error},
                   finished_at = clock_timestamp()
             WHERE id = ${id}::uuid AND (state = 'running' OR ${error === null}::boolean)`.pipe(
            within("5 seconds"),
            Effect.asVoid,
            orUnavailable
          )
        ),
        byId: Effect.fn("RunRepo.byId")((projectId, id) =>
          sql`
            SELECT ${columns} FROM reports.runs
             WHERE project_id = ${of(projectId)} AND id = ${id}::uuid`.pipe(
            within("5 seconds"),
            Effect.flatMap(first),
            orUnavailable
          )
        ),
        page: Effect.fn("RunRepo.page")((projectId, { after, limit, reportId }) =>
          sql`
            SELECT ${columns} FROM reports.runs
             WHERE project_id = ${of(projectId)}
               AND (${reportId ?? null}::text IS NULL
                    OR report_id = ${reportId ?? null}::text::uuid)
               AND (${after ?? null}::text IS NULL OR (created_at, id) < (
                     SELECT created_at, id FROM reports.runs
                      WHERE project_id = ${of(projectId)}
                        AND id = ${after ?? null}::text::uuid))
             ORDER BY created_at DESC, id DESC LIMIT ${limit}::int`.pipe(
            within("5 seconds"),
            Effect.flatMap(rows),
            orUnavailable
          )
        ),
        previous: Effect.fn("RunRepo.previous")((run) =>
          sql`
            SELECT ${columns} FROM reports.runs
             WHERE project_id = ${of(run.projectId)}
               AND report_id = ${run.reportId}::text::uuid AND state = 'succeeded'
               AND (created_at, id) < (
                     SELECT created_at, id FROM reports.runs WHERE id = ${run.id}::uuid)
             ORDER BY created_at DESC, id DESC LIMIT 1`.pipe(
            within("5 seconds"),
            Effect.flatMap(first),
            orUnavailable
          )
        ),
        failLost: sql`
          UPDATE reports.runs AS r
             SET state = 'failed', finished_at = clock_timestamp(),
                 error = 'It was interrupted: its process ended.'
           WHERE ${lost}`.pipe(
          within("10 seconds"),
          Effect.asVoid,
          orUnavailable,
          Effect.withSpan("RunRepo.failLost")
        ),
        older: Effect.fn("RunRepo.older")((milliseconds) =>
          sql`
            SELECT ${columns} FROM reports.runs
             WHERE created_at < clock_timestamp()
                   - make_interval(secs => ${String(milliseconds / 1000)}::text::double precision)
               AND state <> 'running'
             ORDER BY created_at LIMIT 1000`.pipe(
            within("10 seconds"),
            Effect.flatMap(rows),
            orUnavailable
          )
        ),
        remove: Effect.fn("RunRepo.remove")((ids) =>
          sql`DELETE FROM reports.runs WHERE id = ANY(${[...ids]}::text[]::uuid[])`.pipe(
            within("10 seconds"),
            Effect.asVoid,
            orUnavailable
          )
        )
      })
    })
  )
}
