import { retryTransient, within } from "@analytics/database/PostgresRetry"
import { Context, Effect, flow, Layer, Option, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Channel, Settings } from "../destinations/Destination.ts"
import type { DeliveryState } from "./Delivery.ts"
import { Message } from "./Message.ts"
import type { Outcome } from "./Outcome.ts"
import { MOST_ATTEMPTS } from "./retries.ts"
import { Whole } from "./Whole.ts"

/** A delivery in the hands of this process, until its lease ends. */
export const Claim = Schema.Struct({
  id: Schema.String,
  projectId: Whole,
  epoch: Whole,
  about: Schema.String,
  topic: Schema.String,
  channel: Channel,
  recipient: Schema.String,
  destinationId: Schema.String,
  attempts: Schema.Int,
  attemptsBefore: Schema.Int,
  resends: Schema.Int,
  traceparent: Schema.NullOr(Schema.String),
  createdAt: Schema.Date
})
export type Claim = typeof Claim.Type

const Begun = Schema.Struct({
  number: Schema.Int,
  message: Message,
  settings: Settings,
  secret: Schema.NullOr(Schema.String)
})
/** An attempt that is written down and not made yet. */
export type Begun = typeof Begun.Type

/** What becomes of a delivery. */
export interface Next {
  readonly state: Extract<
    DeliveryState,
    "pending" | "delivered" | "refused" | "uncertain"
  >
  readonly detail: string | null
  /** When it is tried again, if it is. */
  readonly dueAt: Date
}

type Stored<A> = Effect.Effect<A, SqlError.SqlError>

const Earlier = Schema.Struct({ number: Schema.Int, handed: Schema.Boolean })

/** What a sender reads and writes of `reports.deliveries` and `reports.attempts`. */
export class DeliveryRepo extends Context.Service<
  DeliveryRepo,
  {
    /**
     * Those that are due, also those whose sender ended; nobody else takes them until
     * `until`. First come projects of which the least is being sent.
     */
    claim(now: Date, until: Date, limit: number): Stored<ReadonlyArray<Claim>>
    /**
     * Writes an attempt down. None: there is nothing to send any more. An earlier attempt
     * that never ended is settled; when what it handed over may have arrived and `repeat`
     * is false, this is the delivery's end.
     */
    begin(claim: Claim, now: Date, repeat: boolean): Stored<Option.Option<Begun>>
    /** Right before the other side may have it. False: it is no longer ours to send. */
    handing(claim: Claim, number: number, now: Date): Stored<boolean>
    settle(
      claim: Claim,
      number: number,
      outcome: Outcome,
      next: Next,
      now: Date
    ): Stored<void>
  }
>()("@analytics/reporting-engine/delivery/DeliveryRepo") {
  static readonly layer = Layer.effect(
    DeliveryRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const patiently = flow(within("10 seconds"), retryTransient("20 seconds"))
      const claimsOf = Schema.decodeUnknownEffect(Schema.Array(Claim))
      const begunOf = Schema.decodeUnknownEffect(Schema.Array(Begun))
      const earlierOf = Schema.decodeUnknownEffect(Schema.Array(Earlier))
      /** The delivery, locked, as long as it is in these hands. */
      const mine = ({ epoch, id }: Claim) => sql`
        SELECT d.id FROM reports.deliveries AS d
         WHERE d.id = ${id}::uuid AND d.epoch = ${String(epoch)}::text::bigint
           AND d.state = 'sending'
           FOR UPDATE`
      const ended = (
        { id }: Claim,
        state: "refused" | "uncertain" | "unsubscribed",
        detail: string | null,
        now: Date
      ) =>
        Effect.andThen(
          sql`
            UPDATE reports.deliveries
               SET state = ${state}, detail = ${detail}, settled_at = ${now}::timestamptz
             WHERE id = ${id}::uuid`,
          state === "unsubscribed"
            ? Effect.void
            : Effect.logWarning("a message was not delivered").pipe(
                Effect.annotateLogs({ delivery: id, state })
              )
        )

      const begin = Effect.fnUntraced(function* (
        claim: Claim,
        now: Date,
        repeat: boolean
      ) {
        const { destinationId, id, recipient, topic } = claim
        const project = String(claim.projectId)
        if ((yield* mine(claim)).length === 0) return Option.none()
        const earlier = yield* Effect.orDie(
          Effect.flatMap(
            sql`
              UPDATE reports.attempts
                 SET settled_at = ${now}::timestamptz, response = ${ENDED},
                     outcome = CASE WHEN handed_at IS NULL THEN 'deferred'
                                    ELSE 'unknown' END
               WHERE delivery_id = ${id}::uuid AND settled_at IS NULL
              RETURNING number, handed_at IS NOT NULL AS handed`,
            earlierOf
          )
        )
        if (!repeat && earlier.some(({ handed }) => handed)) {
          yield* ended(claim, "uncertain", UNCERTAIN, now)
          return Option.none()
        }
        const silenced = yield* sql`
          SELECT 1 FROM reports.unsubscribed
           WHERE project_id = ${project}::text::bigint AND topic = ${topic}
             AND recipient = ${recipient}`
        if (silenced.length > 0) {
          yield* ended(claim, "unsubscribed", null, now)
          return Option.none()
        }
        const [begun] = yield* Effect.orDie(
          Effect.flatMap(
            sql`
              SELECT d.attempts + 1 AS number, m.content AS message, t.settings, t.secret
                FROM reports.deliveries AS d
                JOIN reports.messages AS m ON m.id = d.message_id
                JOIN reports.destinations AS t ON t.id = d.destination_id
                     AND t.project_id = d.project_id
               WHERE d.id = ${id}::uuid AND d.destination_id = ${destinationId}::uuid`,
            begunOf
          )
        )
        if (begun === undefined) {
          yield* ended(claim, "refused", "Its destination was removed.", now)
          return Option.none()
        }
        // Whatever ends its sender each time must not do so for ever.
        if (begun.number - claim.attemptsBefore > MOST_ATTEMPTS) {
          yield* ended(claim, "refused", `${GIVEN_UP} ${ENDED}`, now)
          return Option.none()
        }
        yield* sql`
          INSERT INTO reports.attempts (delivery_id, project_id, number, epoch, started_at)
          VALUES (${id}::uuid, ${project}::text::bigint, ${begun.number}::int,
                  ${String(claim.epoch)}::text::bigint, ${now}::timestamptz)`
        yield* sql`
          UPDATE reports.deliveries SET attempts = ${begun.number}::int
           WHERE id = ${id}::uuid`
        return Option.some(begun)
      })

      const settle = Effect.fnUntraced(function* (
        claim: Claim,
        number: number,
        { code, kind, response }: Outcome,
        next: Next,
        now: Date
      ) {
        const { epoch, id } = claim
        yield* sql`SELECT FROM reports.deliveries WHERE id = ${id}::uuid FOR UPDATE`
        // Whoever took it over meanwhile could only guess.
        yield* sql`
          UPDATE reports.attempts
             SET outcome = ${kind}, code = ${code}::int, response = ${response},
                 settled_at = ${now}::timestamptz
           WHERE delivery_id = ${id}::uuid AND number = ${number}::int
             AND (settled_at IS NULL OR outcome = 'unknown')`
        yield* sql`
          UPDATE reports.deliveries
             SET state = ${next.state}, detail = ${next.detail}::text,
                 due_at = ${next.dueAt}::timestamptz,
                 settled_at = CASE WHEN ${next.state} = 'pending' THEN NULL
                                   ELSE ${now}::timestamptz END
           WHERE id = ${id}::uuid
             AND ((epoch = ${String(epoch)}::text::bigint AND state = 'sending')
                  OR (${next.state} = 'delivered' AND state = 'uncertain'
                      AND attempts = ${number}::int))`
      })

      return DeliveryRepo.of({
        claim: Effect.fn("DeliveryRepo.claim")((now, until, limit) =>
          sql`
            WITH busy AS (
              SELECT project_id, count(*) AS sending FROM reports.deliveries
               WHERE state = 'sending' AND due_at > ${now}::timestamptz
               GROUP BY project_id),
            due AS (
              SELECT w.id FROM reports.deliveries AS w LEFT JOIN busy USING (project_id)
               WHERE w.state IN ('pending', 'sending')
                 AND w.due_at <= ${now}::timestamptz
               ORDER BY coalesce(busy.sending, 0), w.due_at LIMIT ${limit}::int
                 FOR UPDATE OF w SKIP LOCKED)
            UPDATE reports.deliveries AS d
               SET state = 'sending', epoch = d.epoch + 1,
                   due_at = ${until}::timestamptz
              FROM due WHERE d.id = due.id
            RETURNING d.id, d.project_id, d.epoch, d.about, d.topic, d.channel,
                      d.recipient, d.destination_id, d.attempts, d.attempts_before,
                      d.resends, d.traceparent, d.created_at`.pipe(
            within("10 seconds"),
            Effect.flatMap((rows) => Effect.orDie(claimsOf(rows)))
          )
        ),
        begin: Effect.fn("DeliveryRepo.begin")((claim, now, repeat) =>
          within("10 seconds")(sql.withTransaction(begin(claim, now, repeat)))
        ),
        handing: Effect.fn("DeliveryRepo.handing")((claim, number, now) =>
          sql`
            WITH mine AS (${mine(claim)})
            UPDATE reports.attempts AS a SET handed_at = ${now}::timestamptz
              FROM mine
             WHERE a.delivery_id = mine.id AND a.number = ${number}::int
            RETURNING 1`.pipe(
            within("10 seconds"),
            Effect.map((marked) => marked.length > 0)
          )
        ),
        settle: Effect.fn("DeliveryRepo.settle")((claim, number, outcome, next, now) =>
          patiently(sql.withTransaction(settle(claim, number, outcome, next, now)))
        )
      })
    })
  )
}

const GIVEN_UP = `Given up after ${MOST_ATTEMPTS} attempts. The last one:`
const ENDED = "Its sender ended before it could say how this ended."
const UNCERTAIN =
  "Its sender ended while the other side was taking it, so it may have arrived. Ask the recipient, then send it again if it did not."
