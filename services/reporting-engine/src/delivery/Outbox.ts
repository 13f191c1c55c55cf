import { within } from "@analytics/database/PostgresRetry"
import { currentTraceparent } from "@analytics/observability/traceparent"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Message } from "./Message.ts"

export interface Outgoing {
  readonly projectId: number
  /**
   * What it is about, once for ever: `subscription:<id>@<scheduledFor>`,
   * `alert:<id>@<bucket>`. The same again adds nothing for those who have it.
   */
  readonly about: string
  /** What a recipient may unsubscribe from: `subscription:<id>`, `alert:<id>`. */
  readonly topic: string
  readonly message: Message
  /** Ids of destinations of the project. */
  readonly targets: ReadonlyArray<string>
}

export interface Enqueued {
  /** Rows that were added. */
  readonly deliveries: number
  /** Targets that are no destinations of the project (any more). */
  readonly missing: ReadonlyArray<string>
}

/**
 * Messages to be sent, kept in the caller's transaction: what a caller commits is sent,
 * once to each recipient, and what it rolls back is not.
 */
export class Outbox extends Context.Service<
  Outbox,
  {
    enqueue(outgoing: Outgoing): Effect.Effect<Enqueued, SqlError.SqlError>
  }
>()("@analytics/reporting-engine/delivery/Outbox") {
  static readonly layer = Layer.effect(
    Outbox,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const encode = Schema.encodeEffect(Message)

      const enqueue = Effect.fn("Outbox.enqueue")(function* (outgoing: Outgoing) {
        const { about, message, projectId, targets, topic } = outgoing
        const project = String(projectId)
        const now = new Date(yield* Clock.currentTimeMillis)
        const content = JSON.stringify(yield* Effect.orDie(encode(message)), storable)
        return yield* Effect.gen(function* () {
          yield* sql`
            INSERT INTO reports.messages (id, project_id, about, content)
            VALUES (${Bun.randomUUIDv7()}::uuid, ${project}::text::bigint, ${about},
                    ${content}::text::jsonb)
            ON CONFLICT (project_id, about) DO NOTHING`
          const found = yield* Effect.orDie(
            Effect.flatMap(
              sql`
                SELECT d.id, d.kind, d.settings
                  FROM reports.destinations AS d
                 WHERE d.project_id = ${project}::text::bigint
                   AND d.id = ANY(${targets}::text[]::uuid[])`,
              Schema.decodeUnknownEffect(Schema.Array(TargetRow))
            )
          )
          const rows = found.flatMap((row) =>
            recipientsOf(row).map((recipient) => ({
              id: Bun.randomUUIDv7(),
              destination: row.id,
              channel: row.kind,
              recipient
            }))
          )
          const traceparent = yield* currentTraceparent
          const added = yield* sql`
            INSERT INTO reports.deliveries
              (id, project_id, message_id, about, topic, destination_id, channel,
               recipient, traceparent, due_at)
            SELECT r.id, m.project_id, m.id, m.about, ${topic}, r.destination, r.channel,
                   r.recipient, ${traceparent}, ${now}::timestamptz
              FROM reports.messages AS m,
                   jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
                     AS r (id uuid, destination uuid, channel text, recipient text)
             WHERE m.project_id = ${project}::text::bigint AND m.about = ${about}
            ON CONFLICT (project_id, about, recipient) DO NOTHING
            RETURNING 1`
          const known = new Set(found.map(({ id }) => id))
          return {
            deliveries: added.length,
            missing: targets.filter((id) => !known.has(id))
          }
        }).pipe(sql.withTransaction, within("10 seconds"))
      })
      return Outbox.of({ enqueue })
    })
  )
}

/** `jsonb` holds no NUL and no half of a character, and what people wrote may. */
const storable = (_: string, value: unknown): unknown =>
  typeof value === "string" ? value.toWellFormed().replaceAll("\0", "\uFFFD") : value

const TargetRow = Schema.Struct({
  id: Schema.String,
  kind: Schema.Literals(["email", "slack", "webhook", "store"]),
  settings: Schema.Struct({
    addresses: Schema.optionalKey(Schema.Array(Schema.String))
  })
})

/** Each address is a recipient of its own; anything else is one. */
const recipientsOf = ({ id, kind, settings }: typeof TargetRow.Type) =>
  kind === "email" ? (settings.addresses ?? []) : [`${kind}:${id}`]
