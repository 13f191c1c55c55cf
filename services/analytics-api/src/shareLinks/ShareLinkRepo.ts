import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"
import { fromBigint, ProjectIdColumn } from "../keys/KeyRows.ts"
import type { ProjectId } from "../projects/Project.ts"
import { FixedParts, type ShareLink, type ShareLinkId } from "./ShareLink.ts"

/** Of one project, those that ended lately among them. */
export const MAX_SHARE_LINKS = 1000
/** How long a link that has ended is known. */
const KNOWN = "90 days"

const Columns = Schema.Struct({
  id: Schema.String,
  insight: Schema.NullOr(Schema.String),
  dashboard: Schema.NullOr(Schema.String),
  fixed: Schema.fromJsonString(FixedParts),
  floor: Schema.Int,
  expiresAt: Schema.Date,
  revokedAt: Schema.NullOr(Schema.Date),
  createdBy: Schema.String,
  createdAt: Schema.Date,
  uses: fromBigint(Schema.Int),
  lastUsedAt: Schema.NullOr(Schema.Date)
})

/** A link, and in whose name it asks. */
export interface OwnedLink {
  readonly link: ShareLink
  readonly projectId: ProjectId
  readonly timezone: string
}

export interface StoredLink {
  readonly of: ShareLink["of"]
  readonly fixed: FixedParts
  readonly floor: number
  readonly expiresAt: Date
  /** SHA-256 of the token. */
  readonly tokenHash: Uint8Array
  readonly createdBy: string
}

/** Share links in Postgres. A link of another project does not exist. */
export class ShareLinkRepo extends Context.Service<
  ShareLinkRepo,
  {
    /** None when the project has as many as one may. */
    insert(
      projectId: ProjectId,
      link: StoredLink
    ): Effect.Effect<Option.Option<ShareLink>, ControlUnavailable>
    /** In the order in which they were made, after the one named. */
    page(
      projectId: ProjectId,
      after: ShareLinkId | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<ShareLink>, ControlUnavailable>
    /** Whether there is such a link; one that was revoked stays so. */
    revoke(
      projectId: ProjectId,
      id: ShareLinkId
    ): Effect.Effect<boolean, ControlUnavailable>
    /** The link of a token, ended or not; none of a deleted project. */
    byToken(
      tokenHash: Uint8Array
    ): Effect.Effect<Option.Option<OwnedLink>, ControlUnavailable>
    /** Counts that it was opened. */
    opened(id: ShareLinkId): Effect.Effect<void, ControlUnavailable>
  }
>()("@analytics/analytics-api/shareLinks/ShareLinkRepo") {
  static readonly layer = Layer.effect(
    ShareLinkRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(
        `l.id, l.insight, l.dashboard, l.fixed, l.floor, l.expires_at, l.revoked_at,
         l.created_by, l.created_at, l.uses, l.last_used_at`
      )
      const linksOf = Schema.decodeUnknownEffect(Schema.Array(Columns))
      const ownedOf = Schema.decodeUnknownEffect(
        Schema.Array(
          Schema.Struct({
            ...Columns.fields,
            projectId: ProjectIdColumn,
            timezone: Schema.String
          })
        )
      )
      const isForgotten = sql.literal(
        `least(l.expires_at, l.revoked_at) < now() - interval '${KNOWN}'`
      )
      const project = (id: ProjectId) => sql`${String(id)}::text::bigint`
      const faults = { SqlError: unavailable, SchemaError: Effect.die } as const

      return ShareLinkRepo.of({
        insert: Effect.fn("ShareLinkRepo.insert")(function* (
          projectId: ProjectId,
          link: StoredLink
        ) {
          yield* sql`
              DELETE FROM control.share_links AS l
               WHERE l.project_id = ${project(projectId)} AND ${isForgotten}`.pipe(
            within("5 seconds")
          )
          const rows = yield* sql`
              INSERT INTO control.share_links AS l
                (id, project_id, insight, dashboard, token_hash, fixed, floor, expires_at,
                 created_by)
              SELECT ${Bun.randomUUIDv7()}::uuid, ${project(projectId)},
                     ${"insight" in link.of ? link.of.insight : null}::uuid,
                     ${"dashboard" in link.of ? link.of.dashboard : null}::uuid,
                     ${link.tokenHash}, ${JSON.stringify(link.fixed)}, ${link.floor}::int,
                     ${link.expiresAt}::timestamptz, ${link.createdBy}
               WHERE (SELECT count(*) FROM control.share_links
                       WHERE project_id = ${project(projectId)}) < ${MAX_SHARE_LINKS}
              RETURNING ${columns}`.pipe(within("5 seconds"))
          const [row] = yield* linksOf(rows)
          return Option.map(Option.fromUndefinedOr(row), linkOf)
        }, Effect.catchTags(faults)),
        page: Effect.fn("ShareLinkRepo.page")(
          (projectId: ProjectId, after: ShareLinkId | undefined, limit: number) =>
            sql`
              SELECT ${columns} FROM control.share_links AS l
               WHERE l.project_id = ${project(projectId)} AND NOT ${isForgotten}
                 AND (${after ?? null}::uuid IS NULL OR l.id > ${after ?? null}::uuid)
               ORDER BY l.id LIMIT ${limit}`.pipe(
              within("5 seconds"),
              Effect.flatMap(linksOf),
              Effect.map((rows) => rows.map(linkOf))
            ),
          Effect.catchTags(faults)
        ),
        revoke: Effect.fn("ShareLinkRepo.revoke")(
          (projectId: ProjectId, id: ShareLinkId) =>
            sql`
              UPDATE control.share_links
                 SET revoked_at = coalesce(revoked_at, now())
               WHERE id = ${id}::uuid AND project_id = ${project(projectId)}
              RETURNING id`.pipe(
              within("5 seconds"),
              Effect.map((rows) => rows.length > 0)
            ),
          Effect.catchTag("SqlError", unavailable)
        ),
        byToken: Effect.fn("ShareLinkRepo.byToken")(
          (tokenHash: Uint8Array) =>
            sql`
              SELECT ${columns}, l.project_id, p.timezone
                FROM control.share_links AS l
                JOIN control.projects AS p
                  ON p.id = l.project_id AND p.deleted_at IS NULL
               WHERE l.token_hash = ${tokenHash} AND NOT ${isForgotten}`.pipe(
              within("5 seconds"),
              Effect.flatMap(ownedOf),
              Effect.map(([row]) =>
                Option.map(Option.fromUndefinedOr(row), (owned) => ({
                  link: linkOf(owned),
                  projectId: owned.projectId,
                  timezone: owned.timezone
                }))
              )
            ),
          Effect.catchTags(faults)
        ),
        opened: Effect.fn("ShareLinkRepo.opened")(
          (id: ShareLinkId) =>
            sql`
              UPDATE control.share_links SET uses = uses + 1, last_used_at = now()
               WHERE id = ${id}::uuid`.pipe(within("5 seconds"), Effect.asVoid),
          Effect.catchTag("SqlError", unavailable)
        )
      })
    })
  )
}

const linkOf = ({
  dashboard,
  fixed,
  id,
  insight,
  ...row
}: typeof Columns.Type): ShareLink => ({
  id,
  of: insight === null ? { dashboard: dashboard ?? "" } : { insight },
  floor: row.floor,
  ...fixed,
  expiresAt: row.expiresAt,
  revokedAt: row.revokedAt,
  createdBy: row.createdBy,
  createdAt: row.createdAt,
  uses: row.uses,
  lastUsedAt: row.lastUsedAt
})
