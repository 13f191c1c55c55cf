import { within } from "@analytics/database/PostgresRetry"
import { Effect, Schema } from "effect"
import { type SqlClient, type SqlError, SqlSchema } from "effect/sql"
import type { ProjectId } from "../projects/Project.ts"
import { ProjectIdColumn, RevisionColumn } from "./KeyRows.ts"

/** No transaction here does more than a few statements. */
const patience = "5 seconds"

/** Hands out revisions inside one transaction. */
export interface Revisions {
  /** The next revision, for one key. */
  readonly take: () => number
  /** Gives every key of a project a new revision, so that readers hear of each again. */
  readonly republish: (projectId: ProjectId) => Effect.Effect<void, SqlError.SqlError>
}

/**
 * A transaction that changes keys. It holds the row of the last revision from its start
 * to its commit, so revisions commit in the order in which they are taken, and a reader
 * that has seen revision n has seen everything up to n.
 */
export const changingKeys =
  (sql: SqlClient.SqlClient) =>
  <A, E, R>(change: (revisions: Revisions) => Effect.Effect<A, E, R>) => {
    const lock = SqlSchema.findOne({
      Request: Schema.Void,
      Result: Schema.Struct({ revision: RevisionColumn }),
      execute: () => sql`SELECT revision FROM control.key_revision FOR UPDATE`
    })
    const renumber = SqlSchema.findAll({
      Request: Schema.Struct({ projectId: ProjectIdColumn, last: RevisionColumn }),
      Result: Schema.Struct({ id: Schema.String }),
      execute: ({ last, projectId }) => sql`
        UPDATE control.keys
           SET revision = ${last}::bigint + numbered.n
          FROM (SELECT id, row_number() OVER (ORDER BY id) AS n
                  FROM control.keys
                 WHERE project_id = ${projectId}) AS numbered
         WHERE keys.id = numbered.id
        RETURNING keys.id`
    })
    return sql
      .withTransaction(
        Effect.gen(function* () {
          let { revision: last } = yield* lock(undefined)
          const result = yield* change({
            take: () => ++last,
            republish: Effect.fnUntraced(
              function* (projectId) {
                const keys = yield* renumber({ projectId, last })
                last += keys.length
              },
              Effect.catchTag("SchemaError", Effect.die)
            )
          })
          yield* sql`UPDATE control.key_revision SET revision = ${last}`
          return result
        })
      )
      .pipe(within(patience))
  }
