import { within } from "@analytics/database/PostgresRetry"
import { Clock, Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { orUnavailable, type ReportsUnavailable } from "../ReportsUnavailable.ts"
import { MAX_SUBSCRIPTIONS } from "./Subscription.ts"
import {
  type SubscriptionFields,
  SubscriptionRow,
  subscriptionColumns
} from "./SubscriptionRow.ts"

/** What became of a row that names other rows. */
export type Written =
  | { readonly kind: "written"; readonly row: SubscriptionRow }
  | { readonly kind: "no report" | "too many" | "changed" }
  | { readonly kind: "no destinations"; readonly ids: ReadonlyArray<string> }

type Stored<A> = Effect.Effect<A, ReportsUnavailable>

/** `reports.subscriptions`, as a team sees it. One of another project does not exist. */
export class SubscriptionRepo extends Context.Service<
  SubscriptionRepo,
  {
    insert(
      projectId: number,
      actor: string,
      fields: SubscriptionFields
    ): Stored<Written>
    byId(projectId: number, id: string): Stored<Option.Option<SubscriptionRow>>
    /** In the order in which they were made, after the one named. */
    page(
      projectId: number,
      after: string | undefined,
      limit: number
    ): Stored<ReadonlyArray<SubscriptionRow>>
    /** Only if it is of the version that was read. */
    update(before: SubscriptionRow, fields: SubscriptionFields): Stored<Written>
    /** It is gone for everybody; the row goes when its schedule is gone too. */
    remove(projectId: number, id: string): Stored<boolean>
  }
>()("@analytics/reporting-engine/subscriptions/SubscriptionRepo") {
  static readonly layer = Layer.effect(
    SubscriptionRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(subscriptionColumns)
      const rowsOf = Schema.decodeUnknownEffect(Schema.Array(SubscriptionRow))
      const now = Effect.map(Clock.currentTimeMillis, (at) => new Date(at))
      const of = (projectId: number) => sql`${String(projectId)}::text::bigint`
      const array = (values: ReadonlyArray<string>) => sql`${[...values]}::text[]`
      const first = (found: unknown) =>
        Effect.map(rowsOf(found), (rows) => Option.fromUndefinedOr(rows[0]))

      /** What it names is there, and stays until this transaction ends. */
      const lacking = Effect.fnUntraced(function* (
        projectId: number,
        { destinations, owners, reportId }: SubscriptionFields
      ) {
        const report = yield* sql`
          SELECT 1 FROM reports.definitions
           WHERE project_id = ${of(projectId)} AND id = ${reportId}::uuid
             FOR KEY SHARE`
        if (report.length === 0) return { kind: "no report" } as const
        const wanted = [...new Set([...destinations, ...owners])].sort()
        const found = yield* sql<{ id: string }>`
          SELECT id FROM reports.destinations
           WHERE project_id = ${of(projectId)} AND id = ANY(${array(wanted)}::uuid[])
           ORDER BY id FOR KEY SHARE`
        const known = new Set(found.map(({ id }) => id))
        const ids = wanted.filter((id) => !known.has(id))
        return ids.length === 0
          ? undefined
          : ({ kind: "no destinations", ids } as const)
      })
      const written = (found: unknown, none: "too many" | "changed") =>
        Effect.map(
          first(found),
          Option.match({
            onNone: (): Written => ({ kind: none }),
            onSome: (row): Written => ({ kind: "written", row })
          })
        )

      return SubscriptionRepo.of({
        insert: Effect.fn("SubscriptionRepo.insert")((projectId, actor, fields) =>
          Effect.gen(function* () {
            const lack = yield* lacking(projectId, fields)
            if (lack !== undefined) return lack
            const at = yield* now
            const made = yield* sql`
              INSERT INTO reports.subscriptions AS s
                (id, project_id, name, report_id, parameters, formats, destinations,
                 owners, cron, timezone, missed, max_wait_seconds, revisions,
                 revise_every_seconds, revise_for_seconds, tolerance, skip_empty,
                 enabled, sync_at, created_by, created_at, updated_at)
              SELECT ${Bun.randomUUIDv7()}::uuid, ${of(projectId)}, ${fields.name}::text,
                     ${fields.reportId}::uuid,
                     ${JSON.stringify(fields.parameters)}::text::jsonb,
                     ${array(fields.formats)}, ${array(fields.destinations)}::uuid[],
                     ${array(fields.owners)}::uuid[], ${fields.cron}::text,
                     ${fields.timezone}::text, ${fields.missed}::text,
                     ${fields.maxWaitSeconds}::int, ${fields.revisions}::int,
                     ${fields.reviseEverySeconds}::int, ${fields.reviseForSeconds}::int,
                     ${String(fields.tolerance)}::text::double precision,
                     ${fields.skipEmpty}::boolean, ${fields.enabled}::boolean,
                     ${at}::timestamptz, ${actor}::text, ${at}::timestamptz,
                     ${at}::timestamptz
               WHERE (SELECT count(*) FROM reports.subscriptions
                       WHERE project_id = ${of(projectId)} AND removed_at IS NULL)
                     < ${MAX_SUBSCRIPTIONS}::int
              RETURNING ${columns}`
            return yield* written(made, "too many")
          }).pipe(sql.withTransaction, within("5 seconds"), orUnavailable)
        ),
        byId: Effect.fn("SubscriptionRepo.byId")((projectId, id) =>
          sql`
            SELECT ${columns} FROM reports.subscriptions AS s
             WHERE s.project_id = ${of(projectId)} AND s.id = ${id}::uuid
               AND s.removed_at IS NULL`.pipe(
            within("5 seconds"),
            Effect.flatMap(first),
            orUnavailable
          )
        ),
        page: Effect.fn("SubscriptionRepo.page")((projectId, after, limit) =>
          sql`
            SELECT ${columns} FROM reports.subscriptions AS s
             WHERE s.project_id = ${of(projectId)} AND s.removed_at IS NULL
               AND (${after ?? null}::text IS NULL OR s.id > ${after ?? null}::text::uuid)
             ORDER BY s.id LIMIT ${limit}::int`.pipe(
            within("5 seconds"),
            Effect.flatMap(rowsOf),
            orUnavailable
          )
        ),
        update: Effect.fn("SubscriptionRepo.update")((before, fields) =>
          Effect.gen(function* () {
            const lack = yield* lacking(before.projectId, fields)
            if (lack !== undefined) return lack
            const at = yield* now
            const changed = yield* sql`
              UPDATE reports.subscriptions AS s
                 SET name = ${fields.name}, report_id = ${fields.reportId}::uuid,
                     parameters = ${JSON.stringify(fields.parameters)}::text::jsonb,
                     formats = ${array(fields.formats)},
                     destinations = ${array(fields.destinations)}::uuid[],
                     owners = ${array(fields.owners)}::uuid[], cron = ${fields.cron},
                     timezone = ${fields.timezone}, missed = ${fields.missed},
                     max_wait_seconds = ${fields.maxWaitSeconds}::int,
                     revisions = ${fields.revisions}::int,
                     revise_every_seconds = ${fields.reviseEverySeconds}::int,
                     revise_for_seconds = ${fields.reviseForSeconds}::int,
                     tolerance = ${String(fields.tolerance)}::text::double precision,
                     skip_empty = ${fields.skipEmpty}::boolean,
                     enabled = ${fields.enabled}::boolean, version = s.version + 1,
                     sync_at = ${at}::timestamptz, schedule_problem = NULL,
                     updated_at = ${at}::timestamptz
               WHERE s.id = ${before.id}::uuid AND s.version = ${before.version}::int
                 AND s.removed_at IS NULL
              RETURNING ${columns}`
            return yield* written(changed, "changed")
          }).pipe(sql.withTransaction, within("5 seconds"), orUnavailable)
        ),
        remove: Effect.fn("SubscriptionRepo.remove")((projectId, id) =>
          Effect.flatMap(
            now,
            (at) => sql`
              UPDATE reports.subscriptions
                 SET removed_at = ${at}::timestamptz, sync_at = ${at}::timestamptz,
                     version = version + 1
               WHERE project_id = ${of(projectId)} AND id = ${id}::uuid
                 AND removed_at IS NULL
              RETURNING 1`
          ).pipe(
            within("5 seconds"),
            Effect.map((removed) => removed.length > 0),
            orUnavailable
          )
        )
      })
    })
  )
}
