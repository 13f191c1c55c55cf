import { createHash } from "node:crypto"
import { endingFree } from "@analytics/data-processing/Followers"
import type { Link } from "@analytics/data-processing/Identity"
import { effectiveClaims } from "@analytics/data-processing/Persons"
import { Context, Effect, Layer } from "effect"
import { type SqlError as Sql, SqlClient } from "effect/sql"
import {
  type LedgerUnavailable,
  unavailable,
  unavailableAfter
} from "./LoaderErrors.ts"
import { storable } from "./storable.ts"

/** First half of the advisory lock's key; the project is the second. */
const LOCK_CLASS = 0x6c696e6b
/** Links of one INSERT, and ids of one look-up. */
const CHUNK = 10_000
/** Claims followed from the users of new claims before the whole walk is cheaper. */
const MOST_CLAIMS = 10_000

/** The identity ledger. */
export class LinkRepo extends Context.Service<
  LinkRepo,
  {
    /** Adds the links that tell something new, and returns those. */
    add(
      projectId: number,
      batchId: bigint,
      links: ReadonlyArray<Link>
    ): Effect.Effect<ReadonlyArray<Link>, LedgerUnavailable>
    /**
     * Runs `resolve` while nobody else resolves links of the project.
     *
     * @param resolve gets a number that grows from one call to the next
     */
    locked<A, E>(
      projectId: number,
      resolve: (version: bigint) => Effect.Effect<A, E>
    ): Effect.Effect<A, Exclude<E, Sql.SqlError> | LedgerUnavailable>
    /** Which of these links the ledger has from this batch. */
    addedBy(
      projectId: number,
      batchId: bigint,
      links: ReadonlyArray<Link>
    ): Effect.Effect<ReadonlyArray<Link>, LedgerUnavailable>
    /**
     * Every link of the components of `ids` at any instant from just before `since` on.
     * `undefined` if these are more than `most`.
     */
    components(
      projectId: number,
      ids: Iterable<string>,
      since: number,
      most: number
    ): Effect.Effect<ReadonlyArray<Link> | undefined, LedgerUnavailable>
    /** Undone links whose number lies after this one, oldest first. */
    undoneAfter(id: bigint): Effect.Effect<ReadonlyArray<UndoneLink>, LedgerUnavailable>
    /** The number of the newest removal: links of erased ids are no longer in the ledger. */
    readonly removals: Effect.Effect<bigint, LedgerUnavailable>
    /** Which of these claims, of the ledger, are such as `followerChanges` takes. */
    followers(
      projectId: number,
      links: ReadonlyArray<Link>
    ): Effect.Effect<ReadonlyArray<Link>, LedgerUnavailable>
  }
>()("@analytics/data-ingestion/loader/LinkRepo") {
  static readonly layer = Layer.effect(
    LinkRepo,
    Effect.gen(function* () {
      // Thousands of rows: their columns are not worth renaming.
      const sql = (yield* SqlClient.SqlClient).withoutTransforms()

      /** A clock that was set back, or that of another Postgres, must not go back here. */
      let last = 0n

      /** Whether a link `l` was known before one of its ids was to be erased. */
      const isRemoved = (projectId: number) => sql`
        EXISTS (SELECT 1 FROM ingest.removed_ids WHERE project_id = ${projectId})
        AND EXISTS (
          SELECT 1 FROM ingest.removed_ids AS r
           WHERE r.project_id = ${projectId} AND r.known_at >= l.known
             AND r.id_key IN (ingest.id_key(l.from_id), ingest.id_key(l.to_id)))`

      const insert = (projectId: number, batchId: bigint, links: ReadonlyArray<Link>) =>
        sql<LinkRow>`
          WITH given AS (
            SELECT kind, from_id, to_id, to_timestamp(at / 1000.0) AS at, message_id,
                   to_timestamp(known / 1000.0) AS known
            FROM unnest(
              ${links.map(({ kind }) => kind)}::text[],
              ${links.map(({ from }) => from)}::text[],
              ${links.map(({ to }) => to)}::text[],
              ${links.map(({ timestamp }) => BigInt(timestamp))}::bigint[],
              ${links.map(({ messageId }) => storable(messageId))}::text[],
              ${links.map(({ knownAt }) => BigInt(knownAt))}::bigint[])
              AS l (kind, from_id, to_id, at, message_id, known)
          ), erased AS (
            INSERT INTO ingest.removed_links
              (project_id, kind, from_id, to_id, timestamp, message_id, known_at)
            SELECT ${projectId}, l.* FROM given AS l WHERE ${isRemoved(projectId)}
          )
          INSERT INTO ingest.links
            (project_id, kind, from_id, to_id, timestamp, message_id, known_at, batch_id)
          SELECT ${projectId}, l.*, ${batchId} FROM given AS l
           WHERE NOT (${isRemoved(projectId)})
             AND NOT EXISTS (
             SELECT 1 FROM ingest.links k
              WHERE k.project_id = ${projectId} AND k.kind = l.kind
                AND (k.undone_at IS NULL OR k.undone_at > l.known)
                AND k.from_key = ingest.id_key(l.from_id)
                AND k.to_key = ingest.id_key(l.to_id)
                AND (k.timestamp, k.message_id COLLATE "C")
                  <= (l.at, l.message_id COLLATE "C")
                AND k.known_at <= l.known)
          ON CONFLICT DO NOTHING
          RETURNING kind, from_id, to_id, timestamp, message_id, known_at, undone_at`

      /** Links that touch one of the ids: as `from` if `outgoing`, else as `to`. */
      const touching = (
        projectId: number,
        ids: ReadonlyArray<string>,
        outgoing: boolean,
        since: number,
        most: number
      ) =>
        sql<LinkRow>`
          SELECT kind, from_id, to_id, timestamp, message_id, known_at, undone_at
            FROM ingest.links
           WHERE project_id = ${projectId}
             AND (undone_at IS NULL OR undone_at >= ${new Date(since)})
             AND ${sql.literal(outgoing ? "from_key" : "to_key")}
               = ANY(${ids.map(keyOfId)}::bytea[])
           LIMIT ${most}`

      /** The ids among these that one link alone has, as its `from`. */
      const inOneLink = (projectId: number, ids: ReadonlyArray<string>) =>
        sql<{ id: string }>`
          SELECT id
            FROM unnest(${ids}::text[], ${ids.map(keyOfId)}::bytea[]) AS f (id, key)
           WHERE NOT EXISTS (
               SELECT 1 FROM ingest.links
                WHERE project_id = ${projectId} AND to_key = key)
             AND (SELECT count(*) FROM (
               SELECT 1 FROM ingest.links
                WHERE project_id = ${projectId} AND from_key = key LIMIT 2) AS own) = 1`

      /** To whom claims give these ids. */
      const targetsOf = (projectId: number, ids: ReadonlyArray<string>, most: number) =>
        sql<{ from_id: string; to_id: string }>`
          SELECT DISTINCT from_id, to_id FROM ingest.links
           WHERE project_id = ${projectId} AND kind = 'claim'
             AND from_key = ANY(${ids.map(keyOfId)}::bytea[])
           LIMIT ${most}`

      const chunked = <A>(
        items: ReadonlyArray<A>,
        run: (chunk: ReadonlyArray<A>) => ReturnType<typeof insert>
      ) =>
        Effect.forEach(chunks(items), run).pipe(
          Effect.map((rows) => rows.flat().map(linkOf)),
          unavailable
        )

      return LinkRepo.of({
        add: Effect.fn("LinkRepo.add")((projectId, batchId, links) =>
          chunked(links, (chunk) => insert(projectId, batchId, chunk))
        ),
        locked: (projectId, resolve) =>
          sql
            .withTransaction(
              Effect.gen(function* () {
                // The second half of the key is a signed number.
                yield* sql`SELECT pg_advisory_xact_lock(${LOCK_CLASS}, ${projectId | 0})`
                const [row] = yield* sql<{ version: bigint }>`
                  SELECT (extract(epoch FROM clock_timestamp()) * 1e6)::bigint AS version`
                const now = row?.version ?? 0n
                last = now > last ? now : last + 1n
                return yield* resolve(last)
              })
            )
            .pipe(
              // Others hold the lock while they write what they found.
              unavailableAfter("5 minutes"),
              Effect.withSpan("LinkRepo.locked")
            ),
        addedBy: Effect.fn("LinkRepo.addedBy")((projectId, batchId, links) =>
          chunked(
            links,
            (chunk) => sql<LinkRow>`
              SELECT kind, from_id, to_id, timestamp, message_id, known_at, undone_at
                FROM ingest.links
               WHERE project_id = ${projectId} AND batch_id = ${batchId}
                 AND from_key = ANY(${chunk.map(({ from }) => keyOfId(from))}::bytea[])`
          )
        ),
        undoneAfter: Effect.fn("LinkRepo.undoneAfter")((id) =>
          sql<UndoneRow>`
            SELECT id, project_id, kind, from_id, to_id FROM ingest.link_undos
             WHERE id > ${id} ORDER BY id LIMIT ${CHUNK}`.pipe(
            Effect.map((rows) => rows.map(undoneOf)),
            unavailable
          )
        ),
        removals: sql<{ seq: bigint }>`
          SELECT coalesce(max(seq), 0) AS seq FROM ingest.removals`.pipe(
          Effect.map(([row]) => row?.seq ?? 0n),
          unavailable,
          Effect.withSpan("LinkRepo.removals")
        ),
        followers: Effect.fn("LinkRepo.followers")(function* (projectId, links) {
          const uses = new Map<string, number>()
          for (const id of links.flatMap(({ from, to }) => [from, to]))
            uses.set(id, (uses.get(id) ?? 0) + 1)
          const claims = links.filter(
            ({ kind, from }) => kind === "claim" && uses.get(from) === 1
          )
          const alone = new Set<string>()
          for (const chunk of chunks(claims.map(({ from }) => from)))
            for (const { id } of yield* unavailable(inOneLink(projectId, chunk)))
              alone.add(id)
          const following = claims.filter(({ from }) => alone.has(from))
          const targets = new Map<string, Set<string>>()
          let frontier = new Set(following.map(({ to }) => to))
          const most = frontier.size + MOST_CLAIMS
          let found = 0
          while (frontier.size > 0) {
            for (const id of frontier) targets.set(id, new Set())
            const reached = new Set<string>()
            for (const chunk of chunks([...frontier])) {
              const rows = yield* unavailable(targetsOf(projectId, chunk, most))
              found += rows.length
              if (found >= most) return []
              for (const { from_id, to_id } of rows) {
                targets.get(from_id)?.add(to_id)
                reached.add(to_id)
              }
            }
            frontier = new Set([...reached].filter((id) => !targets.has(id)))
          }
          const ending = endingFree(targets)
          return following.filter(({ to }) => ending.has(to))
        }),
        components: Effect.fn("LinkRepo.components")(
          function* (projectId, ids, since, most) {
            const found = new Map<string, Link>()
            const claimsOf = new Map<string, Array<Link>>()
            const visited = new Set<string>()
            const keep = (links: ReadonlyArray<Link>) => {
              for (const link of links) found.set(keyOf(link), link)
            }
            /** All claims of these ids, so that their earliest is known. */
            const learnClaims = Effect.fnUntraced(function* (from: Iterable<string>) {
              const unknown = [...new Set(from)].filter((id) => !claimsOf.has(id))
              for (const id of unknown) claimsOf.set(id, [])
              const links = yield* chunked(unknown, (chunk) =>
                touching(projectId, chunk, true, since, most + 1)
              )
              for (const link of links)
                if (link.kind === "claim") claimsOf.get(link.from)?.push(link)
              keep(links)
            })
            let frontier = new Set(ids)
            while (frontier.size > 0) {
              const now = [...frontier]
              for (const id of now) visited.add(id)
              yield* learnClaims(now)
              const incoming = yield* chunked(now, (chunk) =>
                touching(projectId, chunk, false, since, most + 1)
              )
              keep(incoming)
              if (found.size > most) return undefined
              yield* learnClaims(
                incoming.flatMap((link) => (link.kind === "claim" ? [link.from] : []))
              )
              if (found.size > most) return undefined
              frontier = new Set()
              const step = (link: Link) => {
                for (const id of [link.from, link.to])
                  if (!visited.has(id)) frontier.add(id)
              }
              const reached = new Set(now)
              for (const link of found.values())
                if (
                  link.kind === "alias" &&
                  (reached.has(link.from) || reached.has(link.to))
                )
                  step(link)
              for (const [from, claims] of claimsOf)
                for (const claim of effectiveClaims(claims, since))
                  if (reached.has(from) || reached.has(claim.to)) step(claim)
            }
            return [...found.values()].filter(
              (link) => visited.has(link.from) && visited.has(link.to)
            )
          }
        )
      })
    })
  )
}

/** `ingest.id_key`, worked out here so that the index can be used for many ids. */
const keyOfId = (id: string): Uint8Array => createHash("sha256").update(id).digest()

interface LinkRow {
  readonly kind: Link["kind"]
  readonly from_id: string
  readonly to_id: string
  readonly timestamp: Date
  readonly message_id: string
  readonly known_at: Date
  readonly undone_at: Date | null
}

/** A link that somebody undid, by its number among all such. */
export interface UndoneLink extends Pick<Link, "kind" | "from" | "to"> {
  readonly id: bigint
  readonly projectId: number
}

interface UndoneRow {
  readonly id: bigint
  readonly project_id: bigint
  readonly kind: Link["kind"]
  readonly from_id: string
  readonly to_id: string
}

const undoneOf = (row: UndoneRow): UndoneLink => ({
  id: row.id,
  projectId: Number(row.project_id),
  kind: row.kind,
  from: row.from_id,
  to: row.to_id
})

const linkOf = (row: LinkRow): Link => ({
  kind: row.kind,
  from: row.from_id,
  to: row.to_id,
  timestamp: row.timestamp.getTime(),
  messageId: row.message_id,
  knownAt: row.known_at.getTime(),
  ...(row.undone_at === null ? {} : { undoneAt: row.undone_at.getTime() })
})

const keyOf = (link: Link): string =>
  JSON.stringify([link.kind, link.from, link.to, link.timestamp, link.messageId])

const chunks = <A>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, i) =>
    items.slice(i * CHUNK, (i + 1) * CHUNK)
  )
