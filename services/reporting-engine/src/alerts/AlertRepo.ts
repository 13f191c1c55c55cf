import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { orUnavailable, type ReportsUnavailable } from "../ReportsUnavailable.ts"
import type { AlertDefinition } from "./AlertDefinition.ts"
import {
  AlertRow,
  alertColumns,
  EvaluationRow,
  evaluationColumns,
  NoticeRow,
  noticeColumns
} from "./AlertRow.ts"

/** Alerts of one project. */
export const MAX_ALERTS = 200

/** Where an alert goes on; epoch milliseconds. */
export interface NextBucket {
  readonly nextBucket: number
  readonly nextAt: number
}

type Answer<A> = Effect.Effect<A, ReportsUnavailable>
type Found = Answer<Option.Option<AlertRow>>

/** `reports.alerts` and its history, as people see and change it. Instants in ms. */
export class AlertRepo extends Context.Service<
  AlertRepo,
  {
    /** None when there are as many as may be. */
    insert(
      projectId: number,
      definition: AlertDefinition,
      next: NextBucket,
      by: string,
      now: number
    ): Found
    byId(projectId: number, id: string): Found
    page(
      projectId: number,
      after: string | undefined,
      limit: number
    ): Answer<ReadonlyArray<AlertRow>>
    /** Nothing when somebody else changed it since `version`, or it was judged meanwhile. */
    update(
      alert: AlertRow,
      definition: AlertDefinition,
      next: NextBucket,
      now: number
    ): Found
    remove(projectId: number, id: string): Answer<boolean>
    pause(projectId: number, id: string, now: number): Found
    resume(alert: AlertRow, next: NextBucket, now: number): Found
    mute(projectId: number, id: string, until: number | null, now: number): Found
    /** Nothing when it does not fire. */
    acknowledge(projectId: number, id: string, by: string, now: number): Found
    /** Newest first, before the bucket named. */
    evaluations(
      alert: AlertRow,
      before: number | undefined,
      limit: number
    ): Answer<ReadonlyArray<EvaluationRow>>
    /** Newest first, before the id named. */
    notices(
      alert: AlertRow,
      before: string | undefined,
      limit: number
    ): Answer<ReadonlyArray<NoticeRow>>
  }
>()("@analytics/reporting-engine/alerts/AlertRepo") {
  static readonly layer = Layer.effect(
    AlertRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(alertColumns)
      const decoded =
        <A>(decode: (rows: unknown) => Effect.Effect<A, Schema.SchemaError>) =>
        (statement: Effect.Effect<unknown, SqlError.SqlError>) =>
          statement.pipe(within("5 seconds"), Effect.flatMap(decode), orUnavailable)
      const alerts = decoded(Schema.decodeUnknownEffect(Schema.Array(AlertRow)))
      const first = (statement: Effect.Effect<unknown, SqlError.SqlError>) =>
        Effect.map(alerts(statement), (rows) => Option.fromUndefinedOr(rows[0]))
      const project = (id: number) => sql`${String(id)}::text::bigint`
      const date = (at: number | null) =>
        sql`${at === null ? null : new Date(at)}::timestamptz`
      const one = (projectId: number, id: string) =>
        sql`a.id = ${id}::uuid AND a.project_id = ${project(projectId)}`

      return AlertRepo.of({
        insert: Effect.fn("AlertRepo.insert")((projectId, definition, next, by, now) =>
          first(sql`
            INSERT INTO reports.alerts AS a
              (id, project_id, definition, next_bucket, next_at, created_by,
               created_at, updated_at)
            SELECT ${Bun.randomUUIDv7()}::uuid, ${project(projectId)},
                   ${JSON.stringify(definition)}::text::jsonb, ${date(next.nextBucket)},
                   ${date(next.nextAt)}, ${by}::text, ${date(now)}, ${date(now)}
             WHERE (SELECT count(*) FROM reports.alerts AS o
                     WHERE o.project_id = ${project(projectId)}) < ${MAX_ALERTS}::int
            RETURNING ${columns}`)
        ),
        byId: Effect.fn("AlertRepo.byId")((projectId, id) =>
          first(
            sql`SELECT ${columns} FROM reports.alerts AS a WHERE ${one(projectId, id)}`
          )
        ),
        page: Effect.fn("AlertRepo.page")((projectId, after, limit) =>
          alerts(sql`
            SELECT ${columns} FROM reports.alerts AS a
             WHERE a.project_id = ${project(projectId)}
               AND (${after ?? null}::uuid IS NULL OR a.id > ${after ?? null}::uuid)
             ORDER BY a.id LIMIT ${limit}::int`)
        ),
        update: Effect.fn("AlertRepo.update")((alert, definition, next, now) =>
          first(sql`
            UPDATE reports.alerts AS a
               SET definition = ${JSON.stringify(definition)}::text::jsonb,
                   version = a.version + 1, epoch = a.epoch + 1, lease_until = NULL,
                   next_bucket = ${date(next.nextBucket)},
                   next_at = ${date(next.nextAt)}, updated_at = ${date(now)}
             WHERE ${one(alert.projectId, alert.id)} AND a.version = ${alert.version}::int
               -- It must not go back to buckets that are judged.
               AND a.next_bucket = ${alert.nextBucket}::timestamptz
            RETURNING ${columns}`)
        ),
        remove: Effect.fn("AlertRepo.remove")((projectId, id) =>
          Effect.map(
            first(sql`
              DELETE FROM reports.alerts AS a WHERE ${one(projectId, id)}
              RETURNING ${columns}`),
            Option.isSome
          )
        ),
        pause: Effect.fn("AlertRepo.pause")((projectId, id, now) =>
          first(sql`
            UPDATE reports.alerts AS a
               SET paused_at = coalesce(a.paused_at, ${date(now)}),
                   epoch = a.epoch + 1, lease_until = NULL
             WHERE ${one(projectId, id)}
            RETURNING ${columns}`)
        ),
        resume: Effect.fn("AlertRepo.resume")((alert, next, now) =>
          first(sql`
            UPDATE reports.alerts AS a
               SET paused_at = NULL, failing_since = NULL, attempts = 0,
                   next_bucket = ${date(next.nextBucket)},
                   next_at = ${date(next.nextAt)}, updated_at = ${date(now)}
             WHERE ${one(alert.projectId, alert.id)} AND a.paused_at IS NOT NULL
            RETURNING ${columns}`)
        ),
        mute: Effect.fn("AlertRepo.mute")((projectId, id, until, now) =>
          first(sql`
            UPDATE reports.alerts AS a
               SET muted_until = ${date(until)}, updated_at = ${date(now)}
             WHERE ${one(projectId, id)}
            RETURNING ${columns}`)
        ),
        acknowledge: Effect.fn("AlertRepo.acknowledge")((projectId, id, by, now) =>
          first(sql`
            UPDATE reports.alerts AS a
               SET acknowledged_at = coalesce(a.acknowledged_at, ${date(now)}),
                   acknowledged_by = coalesce(a.acknowledged_by, ${by}::text)
             WHERE ${one(projectId, id)} AND a.phase = 'firing'
            RETURNING ${columns}`)
        ),
        evaluations: Effect.fn("AlertRepo.evaluations")((alert, before, limit) =>
          decoded(Schema.decodeUnknownEffect(Schema.Array(EvaluationRow)))(sql`
            SELECT ${sql.literal(evaluationColumns)} FROM reports.alert_evaluations AS e
             WHERE e.alert_id = ${alert.id}::uuid
               AND e.bucket < coalesce(${date(before ?? null)}, 'infinity')
             ORDER BY e.bucket DESC, e.bucket_end DESC LIMIT ${limit}::int`)
        ),
        notices: Effect.fn("AlertRepo.notices")((alert, before, limit) =>
          decoded(Schema.decodeUnknownEffect(Schema.Array(NoticeRow)))(sql`
            SELECT ${sql.literal(noticeColumns)} FROM reports.alert_notices AS n
             WHERE n.alert_id = ${alert.id}::uuid
               AND (${before ?? null}::uuid IS NULL OR n.id < ${before ?? null}::uuid)
             ORDER BY n.id DESC LIMIT ${limit}::int`)
        )
      })
    })
  )
}
