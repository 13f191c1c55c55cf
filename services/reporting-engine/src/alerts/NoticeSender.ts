import { ReportConfig } from "@analytics/config/ReportConfig"
import { within } from "@analytics/database/PostgresRetry"
import { Cause, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { Message } from "../delivery/Message.ts"
import { Outbox } from "../delivery/Outbox.ts"
import { AlertRow, alertColumns, NoticeRow, noticeColumns } from "./AlertRow.ts"
import { composeNotice } from "./composeNotice.ts"

/** Alerts whose notices are sent with one look. */
const BATCH = 50
/** Notices that one message speaks for; the others are of the next one. */
const MOST_MERGED = 100
const FIRST_DELAY = 10
const LONGEST_DELAY = 600

/** Gives notices that are due to the outbox: all of an alert in one message. */
export class NoticeSender extends Context.Service<
  NoticeSender,
  {
    /** What is due at `now` (ms since 1970); answers how many messages it made. */
    send(now: number): Effect.Effect<number, SqlError.SqlError>
  }
>()("@analytics/reporting-engine/alerts/NoticeSender") {
  static readonly layer = Layer.effect(
    NoticeSender,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      const { publicUrl } = yield* ReportConfig
      const alertsOf = Schema.decodeUnknownEffect(Schema.Array(AlertRow))
      const noticesOf = Schema.decodeUnknownEffect(Schema.Array(NoticeRow))

      const messageOf = (
        alert: AlertRow,
        notices: ReadonlyArray<NoticeRow>,
        now: number
      ): Message => {
        const { facts, summary, text, title } = composeNotice(alert.definition, notices)
        return {
          kind: "alert",
          title,
          summary,
          text,
          facts,
          link: `${publicUrl}/alerts/${alert.id}`,
          at: new Date(now).toISOString(),
          data: {
            alert: { id: alert.id, name: alert.definition.name, phase: alert.phase },
            notices: notices.map(({ at, content, kind }) => ({
              ...content,
              kind,
              at: at.toISOString()
            }))
          }
        }
      }

      /** The message and the note that it was made are one transaction. */
      const sendOf = Effect.fnUntraced(function* (id: string, now: number) {
        const locked = yield* sql`
          SELECT ${sql.literal(alertColumns)} FROM reports.alerts AS a
           WHERE a.id = ${id}::uuid FOR UPDATE SKIP LOCKED`
        const alert = (yield* Effect.orDie(alertsOf(locked)))[0]
        if (alert === undefined) return 0
        const found = yield* sql`
          SELECT ${sql.literal(noticeColumns)} FROM reports.alert_notices AS n
           WHERE n.alert_id = ${id}::uuid AND n.sent_at IS NULL
             AND n.due_at <= ${new Date(now)}::timestamptz
           ORDER BY n.at, n.id LIMIT ${MOST_MERGED}::int`
        const notices = yield* Effect.orDie(noticesOf(found))
        const last = notices.at(-1)
        if (last === undefined) return 0
        const { destinations, name } = alert.definition
        let gone: ReadonlyArray<string> = []
        if (destinations.length > 0) {
          const { missing } = yield* outbox.enqueue({
            projectId: alert.projectId,
            about: `alert:${id}@${last.id}`,
            topic: `alert:${id}`,
            message: messageOf(alert, notices, now),
            targets: destinations
          })
          gone = missing
          if (missing.length > 0)
            yield* Effect.logWarning("an alert names destinations that are gone").pipe(
              Effect.annotateLogs({ "alert.id": id, "alert.name": name, missing })
            )
        }
        yield* sql`
          UPDATE reports.alert_notices
             SET sent_at = ${new Date(now)}::timestamptz, message = ${last.id}::uuid,
                 failure = ${gone.length === 0 ? null : `Destinations that are gone: ${gone.join(", ")}`}::text
           WHERE id = ANY(${notices.map(({ id: one }) => one)}::text[]::uuid[])`
        return 1
      })

      /** Later, so that one that cannot be sent does not hold up the others. */
      const postpone = (id: string, now: number, detail: string) =>
        sql`
          UPDATE reports.alert_notices
             SET attempts = attempts + 1, failure = ${detail.slice(0, 500)}::text,
                 due_at = ${new Date(now)}::timestamptz + make_interval(secs =>
                   least(${FIRST_DELAY} * power(2, least(attempts, 10)), ${LONGEST_DELAY}))
           WHERE alert_id = ${id}::uuid AND sent_at IS NULL
             AND due_at <= ${new Date(now)}::timestamptz`.pipe(within("5 seconds"))

      return NoticeSender.of({
        send: Effect.fn("NoticeSender.send")(function* (now) {
          const due = yield* sql<{ alertId: string }>`
            SELECT n.alert_id FROM reports.alert_notices AS n
             WHERE n.sent_at IS NULL AND n.due_at <= ${new Date(now)}::timestamptz
             GROUP BY n.alert_id ORDER BY min(n.due_at) LIMIT ${BATCH}::int`.pipe(
            within("10 seconds")
          )
          let sent = 0
          for (const { alertId } of due)
            sent += yield* sendOf(alertId, now).pipe(
              sql.withTransaction,
              within("15 seconds"),
              Effect.catchCause((cause) =>
                Cause.hasInterruptsOnly(cause)
                  ? Effect.failCause(cause)
                  : Effect.logError(
                      "a notice could not be put into the outbox",
                      cause
                    ).pipe(
                      Effect.annotateLogs({ "alert.id": alertId }),
                      Effect.andThen(postpone(alertId, now, Cause.pretty(cause))),
                      Effect.as(0)
                    )
              )
            )
          return sent
        })
      })
    })
  )
}
