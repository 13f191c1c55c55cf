import { within } from "@analytics/database/PostgresRetry"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"

import { DestinationNotFound } from "../destinations/Destination.ts"
import { orUnavailable, type ReportsUnavailable } from "../ReportsUnavailable.ts"
import {
  Attempt,
  DeliveryAnswer,
  DeliveryNotFound,
  type DeliveryState,
  DeliveryUnderWay
} from "./Delivery.ts"
import { Outbox } from "./Outbox.ts"
import type { Unsubscription } from "./unsubscribe/UnsubscribeLinks.ts"

export interface DeliveryFilter {
  readonly state?: DeliveryState | undefined
  readonly topic?: string | undefined
  readonly about?: string | undefined
  readonly destination?: string | undefined
}

type Asking<A, E = never> = Effect.Effect<A, E | ReportsUnavailable>

const Row = Schema.Struct({
  ...DeliveryAnswer.fields,
  dueAt: Schema.NullOr(Schema.Date),
  createdAt: Schema.Date,
  settledAt: Schema.NullOr(Schema.Date),
  attempts: Schema.Array(Attempt)
})

/** The ledger, as people see it. */
export class Deliveries extends Context.Service<
  Deliveries,
  {
    get(projectId: number, id: string): Asking<DeliveryAnswer, DeliveryNotFound>
    /** Newest first, before the one named. */
    page(
      projectId: number,
      filter: DeliveryFilter,
      page: { readonly before: string | undefined; readonly limit: number }
    ): Asking<{
      readonly deliveries: ReadonlyArray<DeliveryAnswer>
      readonly nextCursor: string | null
    }>
    /** Once more, whatever became of it; its attempts are counted anew. */
    resend(
      projectId: number,
      id: string
    ): Asking<DeliveryAnswer, DeliveryNotFound | DeliveryUnderWay>
    /** A message that says that it is a test; answers its deliveries. */
    test(
      projectId: number,
      destinationId: string
    ): Asking<ReadonlyArray<DeliveryAnswer>, DestinationNotFound>
    unsubscribe(who: Unsubscription): Asking<void>
    subscribeAgain(who: Unsubscription): Asking<void>
  }
>()("@analytics/reporting-engine/delivery/Deliveries") {
  static readonly layer = Layer.effect(
    Deliveries,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      const rowsOf = Schema.decodeUnknownEffect(Schema.Array(Row))
      const columns = sql.literal(`
        d.id, d.about, d.topic, d.destination_id, d.channel, d.recipient, d.state,
        d.detail, d.created_at, d.settled_at, m.content->>'title' AS title,
        CASE WHEN d.state = 'pending' THEN d.due_at END AS due_at,
        coalesce((SELECT jsonb_agg(jsonb_build_object(
             'number', a.number, 'startedAt', a.started_at, 'handedAt', a.handed_at,
             'settledAt', a.settled_at, 'outcome', a.outcome, 'code', a.code,
             'response', a.response) ORDER BY a.number)
           FROM (SELECT * FROM reports.attempts WHERE delivery_id = d.id
                  ORDER BY number DESC LIMIT 50) AS a), '[]'::jsonb) AS attempts`)
      const rows = <E, R>(statement: Effect.Effect<ReadonlyArray<unknown>, E, R>) =>
        Effect.flatMap(within("10 seconds")(statement), rowsOf)
      const of = (projectId: number) =>
        sql`d.project_id = ${String(projectId)}::text::bigint`
      const or = (value: string | undefined, column: string) =>
        value === undefined
          ? sql`true`
          : sql`${sql.literal(`d.${column}`)}::text = ${value}`

      const get = Effect.fnUntraced(function* (projectId: number, id: string) {
        const [found] = yield* orUnavailable(
          rows(sql`
            SELECT ${columns} FROM reports.deliveries AS d
              JOIN reports.messages AS m ON m.id = d.message_id
             WHERE ${of(projectId)} AND d.id = ${id}::uuid`)
        )
        return found ?? (yield* new DeliveryNotFound({ deliveryId: id }))
      })

      return Deliveries.of({
        get: Effect.fn("Deliveries.get")(get),
        page: Effect.fn("Deliveries.page")(function* (projectId, filter, page) {
          const { before = null, limit } = page
          const found = yield* orUnavailable(
            rows(sql`
              SELECT ${columns} FROM reports.deliveries AS d
                JOIN reports.messages AS m ON m.id = d.message_id
               WHERE ${of(projectId)}
                 AND ${or(filter.state, "state")} AND ${or(filter.topic, "topic")}
                 AND ${or(filter.about, "about")}
                 AND ${or(filter.destination, "destination_id")}
                 AND (${before}::uuid IS NULL OR d.id < ${before}::uuid)
               ORDER BY d.id DESC LIMIT ${limit + 1}::int`)
          )
          const deliveries = found.slice(0, limit)
          return {
            deliveries,
            nextCursor: found.length > limit ? (deliveries.at(-1)?.id ?? null) : null
          }
        }),
        resend: Effect.fn("Deliveries.resend")(function* (projectId, id) {
          const now = new Date(yield* Clock.currentTimeMillis)
          // Of one that arrived, mail systems would take the same Message-ID for a double.
          const changed = yield* orUnavailable(
            within("5 seconds")(sql`
              UPDATE reports.deliveries AS d
                 SET resends = d.resends + CASE WHEN d.state = 'delivered' THEN 1 ELSE 0 END,
                     state = 'pending', due_at = ${now}::timestamptz, detail = NULL,
                     settled_at = NULL, attempts_before = d.attempts,
                     epoch = d.epoch + 1
               WHERE ${of(projectId)} AND d.id = ${id}::uuid
                 AND (d.state IN ('delivered', 'refused', 'uncertain')
                      OR (d.state = 'unsubscribed' AND NOT EXISTS (
                            SELECT FROM reports.unsubscribed AS u
                             WHERE u.project_id = d.project_id AND u.topic = d.topic
                               AND u.recipient = d.recipient)))
              RETURNING 1`)
          )
          const delivery = yield* get(projectId, id)
          if (changed.length > 0) return delivery
          return yield* new DeliveryUnderWay({
            detail:
              delivery.state === "unsubscribed"
                ? "The recipient wants to hear no more of this."
                : "Wait for the attempts that are to be made."
          })
        }),
        test: Effect.fn("Deliveries.test")(function* (projectId, destinationId) {
          const at = new Date(yield* Clock.currentTimeMillis).toISOString()
          const about = `test:${destinationId}@${Bun.randomUUIDv7()}`
          const { missing } = yield* orUnavailable(
            outbox.enqueue({
              projectId,
              about,
              topic: `test:${destinationId}`,
              targets: [destinationId],
              message: {
                kind: "test",
                title: "This is a test",
                summary:
                  "Somebody tries whether messages of analytics arrive here. They do.",
                data: { destinationId },
                at
              }
            })
          )
          if (missing.length > 0)
            return yield* new DestinationNotFound({ destinationId })
          return yield* orUnavailable(
            rows(sql`
              SELECT ${columns} FROM reports.deliveries AS d
                JOIN reports.messages AS m ON m.id = d.message_id
               WHERE ${of(projectId)} AND d.about = ${about}
               ORDER BY d.id`)
          )
        }),
        unsubscribe: Effect.fn("Deliveries.unsubscribe")((who) =>
          orUnavailable(
            within("5 seconds")(sql`
              INSERT INTO reports.unsubscribed (project_id, topic, recipient)
              VALUES (${String(who.projectId)}::text::bigint, ${who.topic},
                      ${who.recipient})
              ON CONFLICT DO NOTHING`)
          ).pipe(Effect.asVoid)
        ),
        subscribeAgain: Effect.fn("Deliveries.subscribeAgain")((who) =>
          orUnavailable(
            within("5 seconds")(sql`
              DELETE FROM reports.unsubscribed
               WHERE project_id = ${String(who.projectId)}::text::bigint
                 AND topic = ${who.topic} AND recipient = ${who.recipient}`)
          ).pipe(Effect.asVoid)
        )
      })
    })
  )
}
