import { within } from "@analytics/database/PostgresRetry"
import { Cause, Context, Effect, Layer, Result, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { JobsUnavailable } from "../JobsUnavailable.ts"
import { JobRepo } from "../jobs/JobRepo.ts"
import { type Decision, dueRuns } from "./dueRuns.ts"
import { ANY_NUMBER_WAITING, hasOpenJob, jobOfSchedule } from "./jobOfSchedule.ts"
import { ScheduleRow } from "./ScheduleRow.ts"
import { timetable } from "./Timetable.ts"

/** Schedules of one look; the others come with the next. */
const BATCH = 200
const MOST_FAILURES = 10

/** Makes jobs of the runs that are due. */
export class Scheduler extends Context.Service<
  Scheduler,
  {
    /** Takes what is due at `now` (ms since 1970), once; answers how many it found. */
    look(now: number): Effect.Effect<number, SqlError.SqlError | JobsUnavailable>
  }
>()("@analytics/batch-processor/schedules/Scheduler") {
  static readonly layer = Layer.effect(
    Scheduler,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const jobs = yield* JobRepo

      /** Those that wait for their job to finish are not due: they would fill the batch. */
      const due = (now: Date) =>
        sql<{ id: string }>`
          SELECT s.id FROM jobs.schedules AS s
           WHERE s.paused_at IS NULL AND s.next_at <= ${now}::timestamptz
             AND (s.missed = 'skip' OR NOT EXISTS (
                   SELECT FROM jobs.jobs AS j
                    WHERE j.schedule_id = s.id
                      AND j.state IN ('queued', 'running', 'cancelling')))
           ORDER BY s.next_at LIMIT ${BATCH}::int`

      const locked = Effect.fnUntraced(function* (id: string, now: Date) {
        const rows = yield* sql`
          SELECT id, project_id, name, type, payload, cron, timezone, missed, paused_at,
                 next_at, skipped_runs, last_skipped, NULL AS last_job, created_by,
                 created_at, updated_at
            FROM jobs.schedules
           WHERE id = ${id}::uuid AND paused_at IS NULL
             AND next_at <= ${now}::timestamptz
             FOR UPDATE SKIP LOCKED`
        return (yield* Effect.orDie(rowsOf(rows)))[0]
      })

      const carryOut = Effect.fnUntraced(function* (
        schedule: ScheduleRow,
        { nextAt, run, skipped }: Decision,
        now: number
      ) {
        if (run !== undefined)
          yield* jobs.insert(yield* jobOfSchedule(schedule, run), ANY_NUMBER_WAITING)
        const note = skipped && JSON.stringify({ ...skipped, at: now })
        yield* sql`
          UPDATE jobs.schedules
             SET next_at = ${nextAt === undefined ? null : new Date(nextAt)}::timestamptz,
                 skipped_runs = skipped_runs + ${String(skipped?.runs ?? 0)}::text::bigint,
                 last_skipped = coalesce(${note ?? null}::text::jsonb, last_skipped)
           WHERE id = ${schedule.id}::uuid`
        if (skipped !== undefined)
          yield* Effect.logWarning("runs of a schedule were left out").pipe(
            Effect.annotateLogs({
              "schedule.id": schedule.id,
              "schedule.name": schedule.name,
              ...skipped
            })
          )
      })

      /** The job and the next run are one transaction: a crash leaves both or neither. */
      const take = Effect.fnUntraced(function* (id: string, now: number) {
        const schedule = yield* locked(id, new Date(now))
        if (schedule === undefined || schedule.nextAt === null) return
        const plan = timetable(schedule.cron, schedule.timezone)
        if (Result.isFailure(plan)) {
          // It was one when it was stored: a zone of another version of the time zones.
          yield* Effect.logError(
            "a schedule cannot be read any more; it is paused"
          ).pipe(Effect.annotateLogs({ "schedule.id": id, ...plan.failure }))
          yield* sql`
            UPDATE jobs.schedules SET paused_at = clock_timestamp()
             WHERE id = ${id}::uuid`
          return
        }
        const decision = dueRuns({
          timetable: plan.success,
          missed: schedule.missed,
          nextAt: schedule.nextAt.getTime(),
          now,
          isBusy: yield* hasOpenJob(sql, id)
        })
        if (decision !== undefined) yield* carryOut(schedule, decision, now)
      })

      return Scheduler.of({
        look: Effect.fn("Scheduler.look")(function* (now) {
          const found = yield* due(new Date(now)).pipe(within("10 seconds"))
          let failures = 0
          for (const { id } of found) {
            const taken = take(id, now).pipe(
              sql.withTransaction,
              within("10 seconds"),
              // A trace begins here: what is due goes on in the job.
              Effect.withSpan("Scheduler.take", {
                root: true,
                kind: "producer",
                attributes: { "schedule.id": id }
              })
            )
            yield* Effect.catchCause(taken, (cause) =>
              // One that cannot be taken does not hold up the others; a store that is away does.
              ++failures < MOST_FAILURES && !Cause.hasInterruptsOnly(cause)
                ? Effect.logError("a schedule could not be taken", cause).pipe(
                    Effect.annotateLogs({ "schedule.id": id })
                  )
                : Effect.failCause(cause)
            )
          }
          return found.length
        })
      })
    })
  )
}

const rowsOf = Schema.decodeUnknownEffect(Schema.Array(ScheduleRow))
