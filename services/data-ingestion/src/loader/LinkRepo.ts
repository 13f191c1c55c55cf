import { createHash } from "node:crypto"
import type { Link } from "@analytics/data-processing/Identity"
import { effectiveClaims } from "@analytics/data-processing/Persons"
import { Context, Effect, Layer } from "effect"
import { type SqlError as Sql, SqlClient } from "effect/sql"
import { storable } from "./BatchRepo.ts"
import {
  type LedgerUnavailable,
  unavailable,
  unavailableAfter
} from "./LoaderErrors.ts"

/** First half of the advisory lock's key; the project is the second. */
const LOCK_CLASS = 0x6c696e6b
/** Links of one INSERT, and ids of one look-up. */
const CHUNK = 10_000

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
    /** Every link of the components of `ids` at any instant from just before `since` on. */
    components(
      projectId: number,
      ids: Iterable<string>,
      since: number
    ): Effect.Effect<ReadonlyArray<Link>, LedgerUnavailable>
  }
>()("@analytics/data-ingestion/loader/LinkRepo") {
  static readonly layer = Layer.effect(
    LinkRepo,
    Effect.gen(function* () {
      // Thousands of rows: their columns are not worth renaming.
      const sql = (yield* SqlClient.SqlClient).withoutTransforms()

      const insert = (projectId: number, batchId: bigint, links: ReadonlyArray<Link>) =>
        sql<LinkRow>`
          INSERT INTO ingest.links
            (project_id, kind, from_id, to_id, timestamp, message_id, known_at, batch_id)
          SELECT ${projectId}, kind, from_id, to_id, to_timestamp(at / 1000.0), message_id,
                 to_timestamp(known / 1000.0), ${batchId}
            FROM unnest(
              ${links.map(({ kind }) => kind)}::text[],
              ${links.map(({ from }) => from)}::text[],
              ${links.map(({ to }) => to)}::text[],
              ${links.map(({ timestamp }) => BigInt(timestamp))}::bigint[],
              ${links.map(({ messageId }) => storable(messageId))}::text[],
              ${links.map(({ knownAt }) => BigInt(knownAt))}::bigint[])
              AS l (kind, from_id, to_id, at, message_id, known)
           WHERE NOT EXISTS (
             SELECT 1 FROM ingest.links k
              WHERE k.project_id = ${projectId} AND k.kind = l.kind
                AND k.from_key = ingest.id_key(l.from_id)
                AND k.to_key = ingest.id_key(l.to_id)
                AND (k.timestamp, k.message_id COLLATE "C")
                  <= (to_timestamp(l.at / 1000.0), l.message_id COLLATE "C")
                AND k.known_at <= to_timestamp(l.known / 1000.0))
          ON CONFLICT DO NOTHING
          RETURNING kind, from_id, to_id, timestamp, message_id, known_at`

      /** Links that touch one of the ids: as `from` if `outgoing`, else as `to`. */
      const touching = (
        projectId: number,
        ids: ReadonlyArray<string>,
        outgoing: boolean
      ) =>
        sql<LinkRow>`
          SELECT kind, from_id, to_id, timestamp, message_id, known_at
            FROM ingest.links
           WHERE project_id = ${projectId} AND undone_at IS NULL
             AND ${sql.literal(outgoing ? "from_key" : "to_key")}
               = ANY(${ids.map(keyOfId)}::bytea[])`

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
                return yield* resolve(row?.version ?? 0n)
              })
            )
            .pipe(
              // Others hold the lock while they write what they found.
              unavailableAfter("5 minutes"),
              Effect.withSpan("LinkRepo.locked")
            ),
        components: Effect.fn("LinkRepo.components")(function* (projectId, ids, since) {
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
              touching(projectId, chunk, true)
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
              touching(projectId, chunk, false)
            )
            keep(incoming)
            yield* learnClaims(
              incoming.flatMap((link) => (link.kind === "claim" ? [link.from] : []))
            )
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
        })
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
}

const linkOf = (row: LinkRow): Link => ({
  kind: row.kind,
  from: row.from_id,
  to: row.to_id,
  timestamp: row.timestamp.getTime(),
  messageId: row.message_id,
  knownAt: row.known_at.getTime()
})

const keyOf = (link: Link): string =>
  JSON.stringify([link.kind, link.from, link.to, link.timestamp, link.messageId])

const chunks = <A>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, i) =>
    items.slice(i * CHUNK, (i + 1) * CHUNK)
  )
