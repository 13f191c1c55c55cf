import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import {
  AlertRow,
  alertColumns,
  EvaluationRow,
  evaluationColumns,
  type NoticeContent
} from "./AlertRow.ts"
import type { AlertState, NoticeKind } from "./alertMachine.ts"

/** A bucket as it is written down; instants in epoch milliseconds. */
export interface NewEvaluation {
  readonly bucket: number
  readonly bucketEnd: number
  readonly label: string
  readonly value: number | null
  readonly expected: number | null
  readonly verdict: EvaluationRow["verdict"]
  readonly reason: string
  readonly phase: AlertState["phase"]
  readonly asOf: number | null
}

export interface NewNotice {
  readonly key: string
  readonly kind: NoticeKind
  readonly content: NoticeContent
  /** From when on it may be sent, and what holds it until then. */
  readonly dueAt: number
  readonly heldBy: string | null
}

/** What came of a look at an alert: written as a whole, or not at all. */
export interface Outcome {
  readonly state: AlertState
  readonly evaluations: ReadonlyArray<NewEvaluation>
  readonly revisions: ReadonlyArray<NewEvaluation>
  readonly notices: ReadonlyArray<NewNotice>
  readonly nextBucket: number
  readonly nextAt: number
  readonly failure: {
    readonly since: number
    readonly detail: string
    readonly attempts: number
  } | null
  readonly outage: number
  readonly outageTold: boolean
}

/** Longer than any look at an alert takes: whoever holds it is gone after it. */
const LEASE = 5 * 60_000

/** `reports.alerts`, as those see it that evaluate. */
export class AlertWork extends Context.Service<
  AlertWork,
  {
    /** Takes alerts that are due, at most `limit`, away from everybody else for a time. */
    claim(
      now: number,
      limit: number
    ): Effect.Effect<ReadonlyArray<AlertRow>, SqlError.SqlError>
    /** Buckets that ended after `since` and were judged by it, oldest first. */
    judgedSince(
      alert: AlertRow,
      since: number
    ): Effect.Effect<ReadonlyArray<EvaluationRow>, SqlError.SqlError>
    /**
     * Writes what came of it, and lets go of the alert; false when it was changed, paused or
     * taken by another process meanwhile, and nothing was written.
     */
    settle(
      alert: AlertRow,
      outcome: Outcome,
      now: number
    ): Effect.Effect<boolean, SqlError.SqlError>
  }
>()("@analytics/reporting-engine/alerts/AlertWork") {
  static readonly layer = Layer.effect(
    AlertWork,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const alertOf = Schema.decodeUnknownEffect(AlertRow)
      /** One that another version wrote keeps nobody else's from being judged. */
      const readable = (row: unknown) =>
        alertOf(row).pipe(
          Effect.map((alert) => [alert]),
          Effect.catch((error) =>
            Effect.as(
              Effect.logError("an alert cannot be read, and is not judged", error),
              []
            )
          )
        )
      const evaluationsOf = Schema.decodeUnknownEffect(Schema.Array(EvaluationRow))
      const date = (at: number | null) =>
        sql`${at === null ? null : new Date(at)}::timestamptz`

      const write = Effect.fnUntraced(function* (
        alert: AlertRow,
        outcome: Outcome,
        now: number
      ) {
        const { failure, state } = outcome
        const isAcknowledged = sql`${state.acknowledged}::boolean`
        const held = yield* sql`
          UPDATE reports.alerts AS a
             SET phase = ${state.phase}::text, episode = ${state.episode}::int,
                 told = ${state.told}::boolean, told_at = ${date(state.toldAt)},
                 fired_bucket = ${date(state.firedBucket)},
                 acknowledged_at = CASE WHEN ${isAcknowledged} THEN a.acknowledged_at END,
                 acknowledged_by = CASE WHEN ${isAcknowledged} THEN a.acknowledged_by END,
                 next_bucket = ${date(outcome.nextBucket)},
                 next_at = ${date(outcome.nextAt)},
                 failing_since = ${date(failure?.since ?? null)},
                 failure = ${failure?.detail ?? null}::text,
                 attempts = ${failure?.attempts ?? 0}::int,
                 outage = ${outcome.outage}::int,
                 outage_told = ${outcome.outageTold}::boolean, lease_until = NULL
           WHERE a.id = ${alert.id}::uuid AND a.epoch = ${String(alert.epoch)}::text::bigint
             -- Somebody acknowledged it meanwhile: what was decided did not know.
             AND (a.acknowledged_at IS NOT NULL) = ${alert.acknowledgedAt !== null}::boolean
          RETURNING 1`
        if (held.length === 0) {
          yield* sql`
            UPDATE reports.alerts SET lease_until = NULL
             WHERE id = ${alert.id}::uuid AND epoch = ${String(alert.epoch)}::text::bigint`
          return false
        }
        const rows = (evaluations: ReadonlyArray<NewEvaluation>) =>
          JSON.stringify(
            evaluations.map(({ asOf, bucket, bucketEnd, ...rest }) => ({
              ...rest,
              bucket: new Date(bucket),
              bucket_end: new Date(bucketEnd),
              as_of: asOf === null ? null : new Date(asOf)
            }))
          )
        const shape = sql.literal(`
          AS r (bucket timestamptz, bucket_end timestamptz, label text,
                value double precision, expected double precision, verdict text,
                reason text, phase text, as_of timestamptz)`)
        if (outcome.revisions.length > 0)
          yield* sql`
            UPDATE reports.alert_evaluations AS e
               SET value = r.value, expected = r.expected, verdict = r.verdict,
                   reason = r.reason, as_of = r.as_of, evaluated_at = ${date(now)},
                   revisions = e.revisions || jsonb_build_object(
                     'value', e.value, 'verdict', e.verdict, 'reason', e.reason,
                     'asOf', e.as_of, 'evaluatedAt', e.evaluated_at)
              FROM jsonb_to_recordset(${rows(outcome.revisions)}::text::jsonb) ${shape}
             WHERE e.alert_id = ${alert.id}::uuid AND e.bucket = r.bucket
               AND e.bucket_end = r.bucket_end`
        if (outcome.evaluations.length > 0)
          yield* sql`
            INSERT INTO reports.alert_evaluations AS e
              (alert_id, project_id, bucket, bucket_end, label, value, expected, verdict,
               reason, phase, as_of, evaluated_at, version)
            SELECT ${alert.id}::uuid, ${String(alert.projectId)}::text::bigint, r.bucket,
                   r.bucket_end, r.label, r.value, r.expected, r.verdict, r.reason,
                   r.phase, r.as_of, ${date(now)}, ${alert.version}::int
              FROM jsonb_to_recordset(${rows(outcome.evaluations)}::text::jsonb) ${shape}
            ON CONFLICT DO NOTHING`
        for (const notice of outcome.notices)
          yield* sql`
            INSERT INTO reports.alert_notices
              (id, alert_id, project_id, key, kind, at, content, due_at, held_by)
            VALUES (${Bun.randomUUIDv7()}::uuid, ${alert.id}::uuid,
                    ${String(alert.projectId)}::text::bigint, ${notice.key}::text,
                    ${notice.kind}::text, ${date(now)},
                    ${JSON.stringify(notice.content)}::text::jsonb,
                    ${date(notice.dueAt)}, ${notice.heldBy}::text)
            ON CONFLICT (alert_id, key) DO NOTHING`
        return true
      })

      return AlertWork.of({
        claim: Effect.fn("AlertWork.claim")((now, limit) =>
          sql`
            UPDATE reports.alerts AS a
               SET lease_until = ${date(now + LEASE)}, epoch = a.epoch + 1
             WHERE a.id IN (
                     SELECT d.id FROM reports.alerts AS d
                      WHERE d.paused_at IS NULL AND d.next_at <= ${date(now)}
                        AND (d.lease_until IS NULL OR d.lease_until <= ${date(now)})
                      ORDER BY d.next_at LIMIT ${limit}::int
                        FOR UPDATE SKIP LOCKED)
            RETURNING ${sql.literal(alertColumns)}`.pipe(
            within("10 seconds"),
            Effect.flatMap((rows) => Effect.forEach(rows, readable)),
            Effect.map((alerts) => alerts.flat())
          )
        ),
        judgedSince: Effect.fn("AlertWork.judgedSince")((alert, since) =>
          sql`
            SELECT ${sql.literal(evaluationColumns)} FROM reports.alert_evaluations AS e
             WHERE e.alert_id = ${alert.id}::uuid AND e.bucket_end > ${date(since)}
               AND e.version = ${alert.version}::int
               AND e.verdict <> 'skipped'
             ORDER BY e.bucket, e.bucket_end LIMIT 1000`.pipe(
            within("10 seconds"),
            Effect.flatMap((rows) => Effect.orDie(evaluationsOf(rows)))
          )
        ),
        settle: Effect.fn("AlertWork.settle")((alert, outcome, now) =>
          write(alert, outcome, now).pipe(sql.withTransaction, within("20 seconds"))
        )
      })
    })
  )
}
