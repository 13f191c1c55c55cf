import { retryTransient, within } from "@analytics/database/PostgresRetry"
import { Context, Effect, flow, Layer, type Option, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"
import { InstantColumn, ProjectIdColumn, RevisionColumn } from "./KeyRows.ts"
import { type KeyChanges, KeyHash, type KeyUse, PublishedKey } from "./PublishedKey.ts"

const PublishedRow = Schema.Struct({
  ...PublishedKey.fields,
  projectId: ProjectIdColumn,
  expiresAt: Schema.NullOr(InstantColumn),
  revokedAt: Schema.NullOr(InstantColumn),
  projectDeletedAt: Schema.NullOr(InstantColumn)
})

const ChangedRow = Schema.Struct({ ...PublishedRow.fields, revision: RevisionColumn })

/** Settings in one page, in bytes; those of a single project are far smaller. */
const mostSettings = 4 * 1024 * 1024

/** What keys other processes must know of. */
export class KeyFeedRepo extends Context.Service<
  KeyFeedRepo,
  {
    byHash(hash: string): Effect.Effect<Option.Option<PublishedKey>, ControlUnavailable>
    /**
     * The next `limit` keys after revision `since`, in order. A reader from the future
     * (this store was restored from a backup) starts again from the beginning.
     */
    changedSince(
      since: number,
      limit: number
    ): Effect.Effect<KeyChanges, ControlUnavailable>
    /** Never moves a last use backwards, nor into the future. */
    markUsed(uses: ReadonlyArray<KeyUse>): Effect.Effect<void, ControlUnavailable>
  }
>()("@analytics/analytics-api/keys/KeyFeedRepo") {
  static readonly layer = Layer.effect(
    KeyFeedRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(
        `k.id AS key_id, k.project_id, k.kind, k.scopes, encode(k.hash, 'hex') AS hash,
         k.expires_at, k.revoked_at, p.deleted_at AS project_deleted_at, p.timezone,
         s.settings`
      )
      const tables = sql.literal(
        `control.keys AS k
         JOIN control.projects AS p ON p.id = k.project_id
         LEFT JOIN control.project_settings AS s ON s.project_id = k.project_id`
      )

      const selectByHash = SqlSchema.findOneOption({
        Request: KeyHash,
        Result: PublishedRow,
        execute: (hash) => sql`
          SELECT ${columns}
            FROM ${tables}
           WHERE k.hash = decode(${hash}, 'hex')`
      })

      const selectChanged = SqlSchema.findAll({
        Request: Schema.Struct({ since: RevisionColumn, limit: Schema.Int }),
        Result: ChangedRow,
        execute: ({ limit, since }) => sql`
          SELECT * FROM (
            SELECT ${columns}, k.revision,
                   sum(octet_length(s.settings)) OVER (ORDER BY k.revision) AS bytes
              FROM ${tables}
             WHERE k.revision > (SELECT CASE WHEN revision < ${since}::bigint THEN 0
                                             ELSE ${since}::bigint END
                                   FROM control.key_revision)
             ORDER BY k.revision
             LIMIT ${limit}
          ) AS page
           WHERE coalesce(bytes, 0) <= ${mostSettings}::bigint
           ORDER BY revision`
      })

      const update = SqlSchema.void({
        Request: Schema.Struct({
          ids: Schema.Array(Schema.String),
          times: Schema.Array(InstantColumn)
        }),
        execute: ({ ids, times }) => sql`
          UPDATE control.keys
             SET last_used_at = greatest(last_used_at, least(used.at, now()))
            FROM (SELECT id, max(at) AS at
                    FROM unnest(${ids}::uuid[], ${times}::timestamptz[]) AS u (id, at)
                   GROUP BY id) AS used
           WHERE keys.id = used.id`
      })

      /** Each of these may run twice. */
      const patiently = flow(within("2 seconds"), retryTransient("2 seconds"))

      return KeyFeedRepo.of({
        byHash: Effect.fn("KeyFeedRepo.byHash")(
          (hash: string) => patiently(selectByHash(hash)),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        changedSince: Effect.fn("KeyFeedRepo.changedSince")(
          function* (since: number, limit: number) {
            const keys = yield* patiently(selectChanged({ since, limit }))
            return { keys, revision: keys.at(-1)?.revision ?? since }
          },
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        markUsed: Effect.fn("KeyFeedRepo.markUsed")(
          (uses: ReadonlyArray<KeyUse>) =>
            patiently(
              update({
                ids: uses.map(({ keyId }) => keyId),
                times: uses.map(({ at }) => at)
              })
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        )
      })
    })
  )
}
