import { randomUUID } from "node:crypto"
import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { orUnavailable, type ReportsUnavailable } from "../ReportsUnavailable.ts"
import { type NewReport, Report, ReportSummary, ReportVersion } from "./Report.ts"
import type { Definition } from "./ReportDefinition.ts"

/** Of one project. */
export const MOST_REPORTS = 1000
/** Of one report; older ones go. */
const MOST_VERSIONS = 100

const dates = { createdAt: Schema.Date, updatedAt: Schema.Date }
const SummaryRow = Schema.Struct({ ...ReportSummary.fields, ...dates })
const ReportRow = Schema.Struct({ ...Report.fields, ...dates })
const VersionRow = Schema.Struct({ ...ReportVersion.fields, createdAt: Schema.Date })

/** Whose, and by whom. */
export interface Actor {
  readonly projectId: number
  readonly actor: string
}

/** Reports in Postgres. One of another project does not exist. */
export class ReportRepo extends Context.Service<
  ReportRepo,
  {
    /** None when there are as many as there may be. */
    insert(
      actor: Actor,
      report: NewReport
    ): Effect.Effect<Option.Option<Report>, ReportsUnavailable>
    byId(
      projectId: number,
      id: string
    ): Effect.Effect<Option.Option<Report>, ReportsUnavailable>
    /** In the order of ids, after the one named. */
    page(
      projectId: number,
      after: string | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<ReportSummary>, ReportsUnavailable>
    /** None when it is no longer of that version. */
    change(
      actor: Actor,
      id: string,
      expected: number,
      change: { readonly name: string; readonly definition: Definition }
    ): Effect.Effect<Option.Option<Report>, ReportsUnavailable>
    /** Not one that subscriptions send: answers their names. */
    remove(
      projectId: number,
      id: string
    ): Effect.Effect<
      { readonly removed: boolean; readonly usedBy: ReadonlyArray<string> },
      ReportsUnavailable
    >
    /** Newest first. */
    versions(
      projectId: number,
      id: string
    ): Effect.Effect<ReadonlyArray<ReportVersion>, ReportsUnavailable>
  }
>()("@analytics/reporting-engine/definitions/ReportRepo") {
  static readonly layer = Layer.effect(
    ReportRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reports = Schema.decodeUnknownEffect(Schema.Array(ReportRow))
      const summaries = Schema.decodeUnknownEffect(Schema.Array(SummaryRow))
      const versionRows = Schema.decodeUnknownEffect(Schema.Array(VersionRow))
      const summary = sql.literal(`d.id, d.name, d.version, d.template, d.created_by,
        d.created_at, d.updated_by, d.updated_at`)
      const of = (projectId: number) => sql`${String(projectId)}::text::bigint`
      const first = (found: unknown) =>
        Effect.map(reports(found), (all) => Option.fromUndefinedOr(all[0]))
      const byId = (projectId: number, id: string) => sql`
        SELECT ${summary}, d.definition FROM reports.definitions AS d
         WHERE d.project_id = ${of(projectId)} AND d.id = ${id}::uuid`
      const keepVersion = (id: string) => sql`
        INSERT INTO reports.definition_versions
               (definition_id, version, project_id, name, definition, created_by)
        SELECT id, version, project_id, name, definition, updated_by
          FROM reports.definitions WHERE id = ${id}::uuid`

      return ReportRepo.of({
        insert: Effect.fn("ReportRepo.insert")(
          ({ actor, projectId }, { definition, name, template }) =>
            Effect.gen(function* () {
              const id = randomUUID()
              const made = yield* sql`
                INSERT INTO reports.definitions
                       (id, project_id, name, definition, template, created_by, updated_by)
                SELECT ${id}::uuid, ${of(projectId)}, ${name},
                       ${JSON.stringify(definition)}::text::jsonb, ${template},
                       ${actor}, ${actor}
                 WHERE (SELECT count(*) FROM reports.definitions
                         WHERE project_id = ${of(projectId)}) < ${MOST_REPORTS}::int
                RETURNING 1`
              if (made.length === 0) return Option.none<Report>()
              yield* keepVersion(id)
              return yield* Effect.flatMap(byId(projectId, id), first)
            }).pipe(sql.withTransaction, within("5 seconds"), orUnavailable)
        ),
        byId: Effect.fn("ReportRepo.byId")((projectId, id) =>
          byId(projectId, id).pipe(
            within("5 seconds"),
            Effect.flatMap(first),
            orUnavailable
          )
        ),
        page: Effect.fn("ReportRepo.page")((projectId, after, limit) =>
          sql`
            SELECT ${summary} FROM reports.definitions AS d
             WHERE d.project_id = ${of(projectId)}
               AND (${after ?? null}::text IS NULL OR d.id > ${after ?? null}::text::uuid)
             ORDER BY d.id LIMIT ${limit}::int`.pipe(
            within("5 seconds"),
            Effect.flatMap(summaries),
            orUnavailable
          )
        ),
        change: Effect.fn("ReportRepo.change")(
          ({ actor, projectId }, id, expected, { definition, name }) =>
            Effect.gen(function* () {
              const changed = yield* sql`
                UPDATE reports.definitions
                   SET name = ${name}, definition = ${JSON.stringify(definition)}::text::jsonb,
                       version = version + 1, updated_by = ${actor},
                       updated_at = clock_timestamp()
                 WHERE project_id = ${of(projectId)} AND id = ${id}::uuid
                   AND version = ${expected}::int
                RETURNING 1`
              if (changed.length === 0) return Option.none<Report>()
              yield* keepVersion(id)
              yield* sql`
                DELETE FROM reports.definition_versions
                 WHERE definition_id = ${id}::uuid
                   AND version <= ${expected + 1 - MOST_VERSIONS}::int`
              return yield* Effect.flatMap(byId(projectId, id), first)
            }).pipe(sql.withTransaction, within("5 seconds"), orUnavailable)
        ),
        remove: Effect.fn("ReportRepo.remove")((projectId, id) =>
          Effect.gen(function* () {
            // Whoever is about to subscribe to it has it locked, and is seen below.
            yield* sql`
              SELECT 1 FROM reports.definitions
               WHERE project_id = ${of(projectId)} AND id = ${id}::uuid FOR UPDATE`
            const users = yield* sql<{ name: string }>`
              SELECT name FROM reports.subscriptions
               WHERE project_id = ${of(projectId)} AND report_id = ${id}::uuid
                 AND removed_at IS NULL
               LIMIT 5`
            if (users.length > 0)
              return { removed: false, usedBy: users.map(({ name }) => name) }
            const removed = yield* sql`
              DELETE FROM reports.definitions
               WHERE project_id = ${of(projectId)} AND id = ${id}::uuid
              RETURNING 1`
            return { removed: removed.length > 0, usedBy: [] }
          }).pipe(sql.withTransaction, within("5 seconds"), orUnavailable)
        ),
        versions: Effect.fn("ReportRepo.versions")((projectId, id) =>
          sql`
            SELECT version, name, definition, created_by, created_at
              FROM reports.definition_versions
             WHERE project_id = ${of(projectId)} AND definition_id = ${id}::uuid
             ORDER BY version DESC`.pipe(
            within("5 seconds"),
            Effect.flatMap(versionRows),
            orUnavailable
          )
        )
      })
    })
  )
}
