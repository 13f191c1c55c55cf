import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"

/** How long an answer can be had again. */
const KEPT = "24 hours"
/** A request that has not ended by then never will: its process is gone. */
const ABANDONED = "2 minutes"

/** Who sent it under which name; both hashes are SHA-256. */
export interface KeyedRequest {
  readonly caller: Uint8Array
  readonly key: string
  readonly requestHash: Uint8Array
}

/** An earlier request of the same name; without an answer it still runs. */
export interface Earlier {
  readonly isSame: boolean
  readonly answer: Uint8Array | null
}

const Row = Schema.Struct({
  isSame: Schema.Boolean,
  answer: Schema.NullOr(Schema.instanceOf(Uint8Array))
})

export class IdempotencyRepo extends Context.Service<
  IdempotencyRepo,
  {
    /** None when this is the first request of its name, which is then taken. */
    begin(
      request: KeyedRequest
    ): Effect.Effect<Option.Option<Earlier>, ControlUnavailable>
    /** Keeps its answer; without one the name is free again. */
    end(
      request: KeyedRequest,
      answer: Uint8Array | undefined
    ): Effect.Effect<void, ControlUnavailable>
    readonly removeOld: Effect.Effect<void, ControlUnavailable>
  }
>()("@analytics/analytics-api/idempotency/IdempotencyRepo") {
  static readonly layer = Layer.effect(
    IdempotencyRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const old = sql.literal(
        `(created_at < now() - interval '${KEPT}'
          OR (answer IS NULL AND created_at < now() - interval '${ABANDONED}'))`
      )
      const rowsOf = Schema.decodeUnknownEffect(Schema.Array(Row))

      return IdempotencyRepo.of({
        begin: Effect.fn("IdempotencyRepo.begin")(
          function* ({ caller, key, requestHash }: KeyedRequest) {
            const rows = yield* Effect.gen(function* () {
              yield* sql`
                DELETE FROM control.idempotency
                 WHERE caller = ${caller} AND key = ${key} AND ${old}`
              const taken = yield* sql`
                INSERT INTO control.idempotency (caller, key, request_hash)
                VALUES (${caller}, ${key}, ${requestHash})
                ON CONFLICT DO NOTHING
                RETURNING 1`
              return taken.length > 0
                ? []
                : yield* sql`
                    SELECT request_hash = ${requestHash} AS is_same, answer
                      FROM control.idempotency
                     WHERE caller = ${caller} AND key = ${key}`
            }).pipe(sql.withTransaction, within("5 seconds"))
            return Option.fromUndefinedOr((yield* rowsOf(rows))[0])
          },
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        end: Effect.fn("IdempotencyRepo.end")(
          ({ caller, key }: KeyedRequest, answer: Uint8Array | undefined) =>
            (answer === undefined
              ? sql`
                  DELETE FROM control.idempotency
                   WHERE caller = ${caller} AND key = ${key} AND answer IS NULL`
              : sql`
                  UPDATE control.idempotency
                     SET answer = ${answer}
                   WHERE caller = ${caller} AND key = ${key} AND answer IS NULL`
            ).pipe(within("5 seconds"), Effect.asVoid),
          Effect.catchTag("SqlError", unavailable)
        ),
        removeOld: sql`DELETE FROM control.idempotency WHERE ${old}`.pipe(
          within("30 seconds"),
          Effect.asVoid,
          Effect.catchTag("SqlError", unavailable),
          Effect.withSpan("IdempotencyRepo.removeOld")
        )
      })
    })
  )
}
