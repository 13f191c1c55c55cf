import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { orUnavailable, type ReportsUnavailable } from "../ReportsUnavailable.ts"
import { Channel, MAX_DESTINATIONS, Settings } from "./Destination.ts"

/** A row of `reports.destinations`. */
export const DestinationRow = Schema.Struct({
  id: Schema.String,
  kind: Channel,
  name: Schema.String,
  settings: Settings,
  /** Sealed. */
  secret: Schema.NullOr(Schema.String),
  createdBy: Schema.String,
  createdAt: Schema.Date,
  updatedAt: Schema.Date
})
export type DestinationRow = typeof DestinationRow.Type

export interface NewRow {
  readonly id: string
  readonly kind: Channel
  readonly name: string
  readonly settings: Settings
  readonly secret: string | null
  readonly createdBy: string
}

export type RowChange = Partial<Pick<NewRow, "name" | "settings" | "secret">>

type Found = Effect.Effect<Option.Option<DestinationRow>, ReportsUnavailable>

/** `reports.destinations`. One of another project does not exist. */
export class DestinationRepo extends Context.Service<
  DestinationRepo,
  {
    /** None when there are as many as may be. */
    insert(projectId: number, row: NewRow): Found
    byId(projectId: number, id: string): Found
    /** In the order in which they were made, after the one named. */
    page(
      projectId: number,
      after: string | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<DestinationRow>, ReportsUnavailable>
    /** Only if it is as it was read then: all of it is written. */
    update(projectId: number, before: DestinationRow, change: RowChange): Found
    /** Not one that a subscription or an alert names: answers which do. */
    remove(
      projectId: number,
      id: string
    ): Effect.Effect<
      { readonly removed: boolean; readonly usedBy: ReadonlyArray<string> },
      ReportsUnavailable
    >
    /** Whether any of them is of e-mail. */
    hasMail(
      projectId: number,
      ids: ReadonlyArray<string>
    ): Effect.Effect<boolean, ReportsUnavailable>
    /** Those of the ids that are destinations of the project. */
    existing(
      projectId: number,
      ids: ReadonlyArray<string>
    ): Effect.Effect<ReadonlySet<string>, ReportsUnavailable>
  }
>()("@analytics/reporting-engine/destinations/DestinationRepo") {
  static readonly layer = Layer.effect(
    DestinationRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(
        "id, kind, name, settings, secret, created_by, created_at, updated_at"
      )
      const rowsOf = Schema.decodeUnknownEffect(Schema.Array(DestinationRow))
      const all = <E, R>(statement: Effect.Effect<ReadonlyArray<unknown>, E, R>) =>
        Effect.flatMap(within("5 seconds")(statement), rowsOf)
      const first = <E, R>(statement: Effect.Effect<ReadonlyArray<unknown>, E, R>) =>
        Effect.map(all(statement), (found) => Option.fromUndefinedOr(found[0]))
      const of = (projectId: number) =>
        sql`project_id = ${String(projectId)}::text::bigint`

      return DestinationRepo.of({
        insert: Effect.fn("DestinationRepo.insert")((projectId, row) => {
          const settings = JSON.stringify(row.settings)
          return orUnavailable(
            first(sql`
              INSERT INTO reports.destinations
                (id, project_id, kind, name, settings, secret, created_by)
              SELECT ${row.id}::uuid, ${String(projectId)}::text::bigint,
                     ${row.kind}::text, ${row.name}::text, ${settings}::text::jsonb,
                     ${row.secret}::text, ${row.createdBy}::text
               WHERE (SELECT count(*) FROM reports.destinations
                       WHERE ${of(projectId)}) < ${MAX_DESTINATIONS}::int
              RETURNING ${columns}`)
          )
        }),
        byId: Effect.fn("DestinationRepo.byId")((projectId, id) =>
          orUnavailable(
            first(sql`
              SELECT ${columns} FROM reports.destinations
               WHERE ${of(projectId)} AND id = ${id}::uuid`)
          )
        ),
        page: Effect.fn("DestinationRepo.page")((projectId, after, limit) =>
          orUnavailable(
            all(sql`
              SELECT ${columns} FROM reports.destinations
               WHERE ${of(projectId)}
                 AND (${after ?? null}::uuid IS NULL OR id > ${after ?? null}::uuid)
               ORDER BY id LIMIT ${limit}::int`)
          )
        ),
        update: Effect.fn("DestinationRepo.update")((projectId, before, change) => {
          const row = { ...before, ...change }
          return orUnavailable(
            first(sql`
              UPDATE reports.destinations
                 SET name = ${row.name}, secret = ${row.secret}::text,
                     settings = ${JSON.stringify(row.settings)}::text::jsonb,
                     updated_at = clock_timestamp()
               WHERE ${of(projectId)} AND id = ${row.id}::uuid
                 AND secret IS NOT DISTINCT FROM ${before.secret}::text
                 AND name = ${before.name}
                 AND settings = ${JSON.stringify(before.settings)}::text::jsonb
              RETURNING ${columns}`)
          )
        }),
        remove: Effect.fn("DestinationRepo.remove")((projectId, id) =>
          Effect.gen(function* () {
            // Whoever is about to name it has it locked, and is seen below.
            yield* sql`
              SELECT 1 FROM reports.destinations
               WHERE ${of(projectId)} AND id = ${id}::uuid FOR UPDATE`
            const users = yield* sql<{ name: string }>`
              SELECT 'the subscription ' || name AS name FROM reports.subscriptions
               WHERE ${of(projectId)} AND removed_at IS NULL
                 AND (destinations @> ARRAY[${id}::uuid] OR owners @> ARRAY[${id}::uuid])
              UNION ALL
              SELECT 'the alert ' || (definition->>'name') FROM reports.alerts
               WHERE ${of(projectId)} AND definition->'destinations' @> to_jsonb(${id}::text)
               LIMIT 5`
            if (users.length > 0)
              return { removed: false, usedBy: users.map(({ name }) => name) }
            const removed = yield* sql`
              DELETE FROM reports.destinations
               WHERE ${of(projectId)} AND id = ${id}::uuid RETURNING id`
            return { removed: removed.length > 0, usedBy: [] }
          }).pipe(sql.withTransaction, within("5 seconds"), orUnavailable)
        ),
        hasMail: Effect.fn("DestinationRepo.hasMail")((projectId, ids) =>
          orUnavailable(
            sql`
              SELECT 1 FROM reports.destinations
               WHERE ${of(projectId)} AND kind = 'email'
                 AND id = ANY(${ids}::text[]::uuid[])
               LIMIT 1`.pipe(
              within("5 seconds"),
              Effect.map((found) => found.length > 0)
            )
          )
        ),
        existing: Effect.fn("DestinationRepo.existing")((projectId, ids) =>
          orUnavailable(
            all(sql`
              SELECT ${columns} FROM reports.destinations
               WHERE ${of(projectId)} AND id = ANY(${ids}::text[]::uuid[])`).pipe(
              Effect.map((found) => new Set(found.map(({ id }) => id)))
            )
          )
        )
      })
    })
  )
}
