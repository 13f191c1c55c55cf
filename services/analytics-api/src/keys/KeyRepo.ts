import { within } from "@analytics/database/PostgresRetry"
import { Context, type DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"
import { type ProjectId, ProjectNotFound } from "../projects/Project.ts"
import {
  type Key,
  KeyId,
  KeyKind,
  KeyNotFound,
  KeyRetired,
  KeyTaken,
  Scope
} from "./Key.ts"
import { changingKeys } from "./KeyRevision.ts"
import { InstantColumn, KeyRow, ProjectIdColumn, RevisionColumn } from "./KeyRows.ts"
import type { NewKey } from "./newKey.ts"

export interface KeyDetails {
  readonly name: string
  readonly scopes: ReadonlyArray<Scope>
  readonly expiresAt: DateTime.Utc | null
}

const Insert = Schema.Struct({
  projectId: ProjectIdColumn,
  kind: KeyKind,
  name: Schema.String,
  scopes: Schema.Array(Scope),
  prefix: Schema.String,
  hash: Schema.String,
  expiresAt: Schema.NullOr(InstantColumn),
  revision: RevisionColumn
})

/** Says nothing about whose it is. */
const taken =
  "Some project of this installation uses it. If that is another project of yours, revoke the key there and ask again with the admin key; else create a key without `key` and put it into the clients, or into their URL as /w/<key>."

export class KeyRepo extends Context.Service<
  KeyRepo,
  {
    /**
     * A given key that is revoked, expired or of a deleted project may be taken up again:
     * by the project that had it, by another one only where `fromAnyProject`. Its clients
     * may still be sending.
     */
    insert(
      projectId: ProjectId,
      key: NewKey,
      details: KeyDetails,
      fromAnyProject: boolean
    ): Effect.Effect<Key, ProjectNotFound | KeyTaken | ControlUnavailable>
    /** Keys of deleted projects are not found. */
    byId(id: KeyId): Effect.Effect<Key, KeyNotFound | ControlUnavailable>
    /** All that the project ever had, oldest first. */
    ofProject(id: ProjectId): Effect.Effect<ReadonlyArray<Key>, ControlUnavailable>
    /** Stores a successor with the same rights and lets the old key expire at `until`. */
    rotate(
      id: KeyId,
      successor: NewKey,
      until: DateTime.Utc
    ): Effect.Effect<Key, KeyNotFound | KeyRetired | ControlUnavailable>
    /** Does nothing to a key that is revoked already. */
    revoke(id: KeyId): Effect.Effect<void, KeyNotFound | ControlUnavailable>
  }
>()("@analytics/analytics-api/keys/KeyRepo") {
  static readonly layer = Layer.effect(
    KeyRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const changing = changingKeys(sql)
      const columns = sql.literal(
        `k.id, k.project_id, k.kind, k.name, k.scopes, k.prefix, k.created_at,
         k.expires_at, k.revoked_at, k.last_used_at, k.rotated_to`
      )

      const insertRow = SqlSchema.findOneOption({
        Request: Insert,
        Result: KeyRow,
        execute: (key) => sql`
          INSERT INTO control.keys AS k
            (project_id, kind, name, scopes, prefix, hash, expires_at, revision)
          SELECT p.id, ${key.kind}, ${key.name}, ${key.scopes}::text[], ${key.prefix},
                 decode(${key.hash}, 'hex'), ${key.expiresAt}::timestamptz,
                 ${key.revision}::bigint
            FROM control.projects AS p
           WHERE p.id = ${key.projectId} AND p.deleted_at IS NULL
          ON CONFLICT (hash) DO NOTHING
          RETURNING ${columns}`
      })

      /** The retired key stays in its project's list, under a hash that nothing has. */
      const release = SqlSchema.void({
        Request: Schema.Struct({
          hash: Schema.String,
          projectId: ProjectIdColumn,
          fromAnyProject: Schema.Boolean
        }),
        execute: ({ fromAnyProject, hash, projectId }) => sql`
          UPDATE control.keys AS k
             SET hash = sha256(convert_to(gen_random_uuid()::text, 'UTF8'))
            FROM control.projects AS p
           WHERE k.hash = decode(${hash}, 'hex')
             AND k.kind = 'write'
             AND p.id = k.project_id
             AND (p.id = ${projectId} OR ${fromAnyProject}::boolean)
             AND (k.revoked_at IS NOT NULL OR k.expires_at <= now()
                  OR p.deleted_at IS NOT NULL)`
      })

      const selectProject = SqlSchema.findOneOption({
        Request: ProjectIdColumn,
        Result: Schema.Struct({ id: ProjectIdColumn }),
        execute: (id) => sql`
          SELECT id FROM control.projects WHERE id = ${id} AND deleted_at IS NULL`
      })

      const notInserted = Effect.fnUntraced(function* (projectId: ProjectId) {
        return Option.isNone(yield* selectProject(projectId))
          ? yield* new ProjectNotFound({ projectId })
          : yield* new KeyTaken({ detail: taken })
      })

      const selectById = SqlSchema.findOneOption({
        Request: KeyId,
        Result: KeyRow,
        execute: (id) => sql`
          SELECT ${columns}
            FROM control.keys AS k
            JOIN control.projects AS p ON p.id = k.project_id
           WHERE k.id = ${id}::uuid AND p.deleted_at IS NULL`
      })

      const selectOfProject = SqlSchema.findAll({
        Request: ProjectIdColumn,
        Result: KeyRow,
        execute: (id) => sql`
          SELECT ${columns}
            FROM control.keys AS k
           WHERE k.project_id = ${id}
           ORDER BY k.created_at, k.id`
      })

      const retire = SqlSchema.findOneOption({
        Request: Schema.Struct({
          id: KeyId,
          successor: KeyId,
          until: InstantColumn,
          revision: RevisionColumn
        }),
        Result: Schema.Struct({ id: KeyId }),
        execute: ({ id, revision, successor, until }) => sql`
          UPDATE control.keys
             SET expires_at = least(expires_at, ${until}::timestamptz),
                 rotated_to = ${successor}::uuid,
                 revision = ${revision}::bigint
           WHERE id = ${id}::uuid
             AND revoked_at IS NULL
             AND rotated_to IS NULL
             AND (expires_at IS NULL OR expires_at > now())
          RETURNING id`
      })

      const one = Effect.fnUntraced(function* (id: KeyId) {
        return yield* Effect.fromOption(yield* selectById(id)).pipe(
          Effect.mapError(() => new KeyNotFound({ keyId: id }))
        )
      })

      return KeyRepo.of({
        insert: Effect.fn("KeyRepo.insert")(
          (
            projectId: ProjectId,
            key: NewKey,
            details: KeyDetails,
            fromAnyProject: boolean
          ) =>
            changing(
              Effect.fnUntraced(function* (revisions) {
                yield* release({ hash: key.hash, projectId, fromAnyProject })
                const row = yield* insertRow({
                  projectId,
                  ...key,
                  ...details,
                  revision: revisions.take()
                })
                return Option.isNone(row) ? yield* notInserted(projectId) : row.value
              })
            ),
          Effect.catchTags({
            SqlError: unavailable,
            SchemaError: Effect.die,
            NoSuchElementError: Effect.die
          })
        ),
        byId: Effect.fn("KeyRepo.byId")(
          (id: KeyId) => one(id).pipe(within("5 seconds")),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        ofProject: Effect.fn("KeyRepo.ofProject")(
          (id: ProjectId) => selectOfProject(id).pipe(within("5 seconds")),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        rotate: Effect.fn("KeyRepo.rotate")(
          (id: KeyId, successor: NewKey, until: DateTime.Utc) =>
            changing(
              Effect.fnUntraced(function* (revisions) {
                const old = yield* one(id)
                const row = yield* insertRow({
                  ...old,
                  ...successor,
                  revision: revisions.take()
                })
                if (Option.isNone(row)) return yield* new KeyNotFound({ keyId: id })
                const retired = yield* retire({
                  id,
                  successor: row.value.id,
                  until,
                  revision: revisions.take()
                })
                // Failing rolls the successor back.
                if (Option.isNone(retired)) return yield* new KeyRetired({ keyId: id })
                return row.value
              })
            ),
          Effect.catchTags({
            SqlError: unavailable,
            SchemaError: Effect.die,
            NoSuchElementError: Effect.die
          })
        ),
        revoke: Effect.fn("KeyRepo.revoke")(
          (id: KeyId) =>
            changing(
              Effect.fnUntraced(function* (revisions) {
                const key = yield* one(id)
                if (key.revokedAt !== null) return
                yield* sql`
                  UPDATE control.keys
                     SET revoked_at = now(), revision = ${revisions.take()}::bigint
                   WHERE id = ${id}::uuid`
              })
            ),
          Effect.catchTags({
            SqlError: unavailable,
            SchemaError: Effect.die,
            NoSuchElementError: Effect.die
          })
        )
      })
    })
  )
}
