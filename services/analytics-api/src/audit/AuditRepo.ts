import { retryTransient, within } from "@analytics/database/PostgresRetry"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"
import { fromBigint, InstantColumn, ProjectIdColumn } from "../keys/KeyRows.ts"
import { AuditEntry, type AuditFilter } from "./AuditEntry.ts"

const Count = Schema.NullOr(fromBigint(Schema.Finite))

const Row = Schema.Struct({
  ...AuditEntry.fields,
  id: fromBigint(Schema.Int),
  at: InstantColumn,
  projectId: Schema.NullOr(ProjectIdColumn),
  rowsRead: Count,
  bytesRead: Count,
  elapsedMs: Count
})

export interface StoredEntry extends AuditEntry {
  readonly id: number
}

/** Rows that one statement removes, so that it holds no lock for long. */
const REMOVED_AT_ONCE = 10_000

export class AuditRepo extends Context.Service<
  AuditRepo,
  {
    /** All or none of them. */
    insert(entries: ReadonlyArray<AuditEntry>): Effect.Effect<void, SqlError.SqlError>
    /** Newest first; those older than the entry `before`. */
    page(
      filter: AuditFilter,
      before: number | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<StoredEntry>, ControlUnavailable>
    /** Removes some of the entries older than this; how many. */
    removeBefore(instant: DateTime.Utc): Effect.Effect<number, SqlError.SqlError>
  }
>()("@analytics/analytics-api/audit/AuditRepo") {
  static readonly layer = Layer.effect(
    AuditRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const encode = Schema.encodeSync(Schema.fromJsonString(Schema.Array(AuditEntry)))

      const selectPage = (
        filter: AuditFilter,
        before: number | undefined,
        limit: number
      ) => {
        const conditions = [
          sql`id < ${String(before ?? Number.MAX_SAFE_INTEGER)}::text::bigint`,
          ...(filter.projectId === undefined
            ? []
            : [sql`project_id = ${String(filter.projectId)}::text::bigint`]),
          ...(filter.actor === undefined ? [] : [sql`actor = ${filter.actor}`]),
          ...(filter.action === undefined ? [] : [sql`action = ${filter.action}`]),
          ...(filter.kind === undefined ? [] : [sql`kind = ${filter.kind}`]),
          ...(filter.queryHash === undefined
            ? []
            : [sql`query_hash = ${filter.queryHash}`])
        ]
        return sql`
          SELECT id, at, actor, project_id, action, target, kind, query_hash, status,
                 rows_read, bytes_read, elapsed_ms
            FROM control.audit
           WHERE ${sql.and(conditions)}
           ORDER BY id DESC
           LIMIT ${limit}`.pipe(
          Effect.flatMap(Schema.decodeUnknownEffect(Schema.Array(Row)))
        )
      }

      return AuditRepo.of({
        insert: Effect.fn("AuditRepo.insert")((entries: ReadonlyArray<AuditEntry>) =>
          sql`
            INSERT INTO control.audit
              (at, actor, project_id, action, target, kind, query_hash, status,
               rows_read, bytes_read, elapsed_ms)
            SELECT at, actor, "projectId", action, target, kind, "queryHash", status,
                   "rowsRead", "bytesRead", "elapsedMs"
              FROM jsonb_to_recordset(${encode(entries)}::text::jsonb) AS e (
                   at timestamptz, actor text, "projectId" bigint, action text,
                   target text, kind text, "queryHash" text, status integer,
                   "rowsRead" bigint, "bytesRead" bigint, "elapsedMs" bigint)`.pipe(
            within("5 seconds"),
            retryTransient("30 seconds"),
            Effect.asVoid
          )
        ),
        page: Effect.fn("AuditRepo.page")(
          (filter: AuditFilter, before: number | undefined, limit: number) =>
            selectPage(filter, before, limit).pipe(within("5 seconds")),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        removeBefore: Effect.fn("AuditRepo.removeBefore")((instant: DateTime.Utc) =>
          sql`
            DELETE FROM control.audit
             WHERE id IN (SELECT id FROM control.audit
                           WHERE at < ${DateTime.toDateUtc(instant)}
                           LIMIT ${REMOVED_AT_ONCE})
            RETURNING 1`.pipe(
            within("30 seconds"),
            Effect.map((rows) => rows.length)
          )
        )
      })
    })
  )
}
