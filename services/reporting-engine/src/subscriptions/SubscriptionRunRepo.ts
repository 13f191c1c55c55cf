import { retryTransient, within } from "@analytics/database/PostgresRetry"
import { currentTraceparent } from "@analytics/observability/traceparent"
import { Context, Effect, flow, Layer, Option, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Outbox, type Outgoing } from "../delivery/Outbox.ts"
import { orUnavailable, type ReportsUnavailable } from "../ReportsUnavailable.ts"
import { SubscriptionRow, subscriptionColumns } from "./SubscriptionRow.ts"
import {
  SubscriptionRunRow,
  type SubscriptionRunState,
  subscriptionRunColumns
} from "./SubscriptionRun.ts"

export interface WantedRun {
  readonly projectId: number
  readonly subscriptionId: string
  readonly scheduledFor: Date
  /** Sent then, complete or not. */
  readonly giveUpAt: Date
  /** Of the job; a later one starts a failed run anew. Null: a person does. */
  readonly jobRun: number | null
  readonly requestedBy: string
}

/** What becomes of a run; fields that are not named stay as they are. */
export interface RunNext {
  readonly state: SubscriptionRunState
  readonly detail: string | null
  readonly dueAt: Date
  readonly failures: number
  readonly completeAt?: Date | null
  readonly incomplete?: boolean
  readonly reportRun?: string
  readonly asOf?: Date
  readonly sentAt?: Date
  readonly revisionsLeft?: number
  readonly revisions?: number
  readonly reviseUntil?: Date
  readonly revisedAt?: Date
}

type Stored<A> = Effect.Effect<A, SqlError.SqlError>

/** `reports.subscription_runs`: one row for each time a subscription was due. */
export class SubscriptionRunRepo extends Context.Service<
  SubscriptionRunRepo,
  {
    /** Once for each time; one that failed begins anew for a later run of its job. */
    begin(
      wanted: WantedRun,
      now: Date
    ): Effect.Effect<SubscriptionRunRow, ReportsUnavailable>
    find(
      subscriptionId: string,
      scheduledFor: Date
    ): Effect.Effect<Option.Option<SubscriptionRunRow>, ReportsUnavailable>
    /** Newest first, before the time named. */
    page(
      projectId: number,
      subscriptionId: string,
      page: { readonly before: Date | undefined; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<SubscriptionRunRow>, ReportsUnavailable>
    /** Those that are due; nobody else takes them until `until`. */
    claim(
      now: Date,
      until: Date,
      limit: number
    ): Stored<ReadonlyArray<SubscriptionRunRow>>
    /** Keeps it longer; false: another process has it. */
    hold(run: SubscriptionRunRow, until: Date): Stored<boolean>
    /** None: it was removed. */
    subscription(run: SubscriptionRunRow): Stored<Option.Option<SubscriptionRow>>
    /** With what is to be sent, as a whole; false: another process has it, and nothing is. */
    settle(
      run: SubscriptionRunRow,
      next: RunNext,
      outgoing: ReadonlyArray<Outgoing>
    ): Stored<boolean>
  }
>()("@analytics/reporting-engine/subscriptions/SubscriptionRunRepo") {
  static readonly layer = Layer.effect(
    SubscriptionRunRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      const patiently = flow(within("15 seconds"), retryTransient("30 seconds"))
      const columns = sql.literal(subscriptionRunColumns)
      const rowsOf = Schema.decodeUnknownEffect(Schema.Array(SubscriptionRunRow))
      const subscriptionsOf = Schema.decodeUnknownEffect(Schema.Array(SubscriptionRow))
      const first = (found: unknown) =>
        Effect.map(rowsOf(found), (rows) => Option.fromUndefinedOr(rows[0]))
      const date = (at: Date | null | undefined) => sql`${at ?? null}::timestamptz`
      const byTime = (subscriptionId: string, scheduledFor: Date) => sql`
        SELECT ${columns} FROM reports.subscription_runs AS r
         WHERE r.subscription_id = ${subscriptionId}::uuid
           AND r.scheduled_for = ${date(scheduledFor)}`

      const settle = Effect.fnUntraced(function* (
        run: SubscriptionRunRow,
        next: RunNext,
        outgoing: ReadonlyArray<Outgoing>
      ) {
        const mine = yield* sql`
          UPDATE reports.subscription_runs AS r
             SET state = ${next.state}, detail = ${next.detail}::text,
                 due_at = ${date(next.dueAt)}, failures = ${next.failures}::int,
                 complete_at = coalesce(${date(next.completeAt)}, r.complete_at),
                 incomplete = coalesce(${next.incomplete ?? null}::boolean, r.incomplete),
                 report_run = coalesce(${next.reportRun ?? null}::text::uuid, r.report_run),
                 as_of = coalesce(${date(next.asOf)}, r.as_of),
                 sent_at = coalesce(${date(next.sentAt)}, r.sent_at),
                 revisions_left =
                   coalesce(${next.revisionsLeft ?? null}::int, r.revisions_left),
                 revisions = coalesce(${next.revisions ?? null}::int, r.revisions),
                 revise_until = coalesce(${date(next.reviseUntil)}, r.revise_until),
                 revised_at = coalesce(${date(next.revisedAt)}, r.revised_at)
           WHERE r.id = ${run.id}::uuid AND r.epoch = ${String(run.epoch)}::text::bigint
          RETURNING 1`
        if (mine.length === 0) return false
        for (const message of outgoing) {
          const { missing } = yield* outbox.enqueue(message)
          if (missing.length > 0)
            yield* Effect.logWarning(
              "a subscription names destinations that are gone",
              {
                missing
              }
            )
        }
        return true
      })

      return SubscriptionRunRepo.of({
        begin: Effect.fn("SubscriptionRunRepo.begin")((wanted, now) =>
          Effect.gen(function* () {
            const { jobRun, projectId, requestedBy, scheduledFor, subscriptionId } =
              wanted
            const traceparent = yield* currentTraceparent
            yield* sql`
              INSERT INTO reports.subscription_runs AS r
                (id, project_id, subscription_id, scheduled_for, give_up_at, due_at,
                 job_run, requested_by, traceparent, created_at)
              VALUES (${Bun.randomUUIDv7()}::uuid, ${String(projectId)}::text::bigint,
                      ${subscriptionId}::uuid, ${date(scheduledFor)},
                      ${date(wanted.giveUpAt)}, ${date(now)}, ${jobRun ?? 1}::int,
                      ${requestedBy}, ${traceparent}, ${date(now)})
              ON CONFLICT (subscription_id, scheduled_for) DO UPDATE
                 SET state = 'waiting', detail = NULL, failures = 0,
                     due_at = excluded.due_at, give_up_at = excluded.give_up_at,
                     job_run = greatest(r.job_run, excluded.job_run),
                     traceparent = excluded.traceparent, epoch = r.epoch + 1
               WHERE r.state = 'failed'
                 AND (${jobRun === null}::boolean OR excluded.job_run > r.job_run)`
            const found = yield* Effect.flatMap(
              byTime(subscriptionId, scheduledFor),
              first
            )
            return Option.isSome(found)
              ? found.value
              : yield* Effect.die("a run that was just written is gone")
          }).pipe(within("5 seconds"), orUnavailable)
        ),
        find: Effect.fn("SubscriptionRunRepo.find")((subscriptionId, scheduledFor) =>
          byTime(subscriptionId, scheduledFor).pipe(
            within("5 seconds"),
            Effect.flatMap(first),
            orUnavailable
          )
        ),
        page: Effect.fn("SubscriptionRunRepo.page")(
          (projectId, subscriptionId, { before, limit }) =>
            sql`
              SELECT ${columns} FROM reports.subscription_runs AS r
               WHERE r.project_id = ${String(projectId)}::text::bigint
                 AND r.subscription_id = ${subscriptionId}::uuid
                 AND (${date(before)} IS NULL OR r.scheduled_for < ${date(before)})
               ORDER BY r.scheduled_for DESC LIMIT ${limit}::int`.pipe(
              within("5 seconds"),
              Effect.flatMap(rowsOf),
              orUnavailable
            )
        ),
        claim: Effect.fn("SubscriptionRunRepo.claim")((now, until, limit) =>
          sql`
            WITH due AS (
              SELECT id FROM reports.subscription_runs
               WHERE (state = 'waiting' OR revisions_left > 0)
                 AND due_at <= ${date(now)}
               ORDER BY due_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)
            UPDATE reports.subscription_runs AS r
               SET epoch = r.epoch + 1, due_at = ${date(until)}
              FROM due WHERE r.id = due.id
            RETURNING ${columns}`.pipe(
            within("10 seconds"),
            Effect.flatMap((rows) => Effect.orDie(rowsOf(rows)))
          )
        ),
        hold: Effect.fn("SubscriptionRunRepo.hold")(({ epoch, id }, until) =>
          sql`
            UPDATE reports.subscription_runs SET due_at = ${date(until)}
             WHERE id = ${id}::uuid AND epoch = ${String(epoch)}::text::bigint
            RETURNING 1`.pipe(
            within("10 seconds"),
            Effect.map((held) => held.length > 0)
          )
        ),
        subscription: Effect.fn("SubscriptionRunRepo.subscription")(
          ({ subscriptionId }) =>
            sql`
              SELECT ${sql.literal(subscriptionColumns)} FROM reports.subscriptions AS s
               WHERE s.id = ${subscriptionId}::uuid AND s.removed_at IS NULL`.pipe(
              within("10 seconds"),
              Effect.flatMap((rows) => Effect.orDie(subscriptionsOf(rows))),
              Effect.map((rows) => Option.fromUndefinedOr(rows[0]))
            )
        ),
        settle: Effect.fn("SubscriptionRunRepo.settle")((run, next, outgoing) =>
          patiently(sql.withTransaction(settle(run, next, outgoing)))
        )
      })
    })
  )
}
