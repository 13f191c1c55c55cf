import { Context, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { type LedgerUnavailable, unavailable } from "../loader/LoaderErrors.ts"
import type { Removal, RemovalKind } from "./Removal.ts"
import type { RemovalTerms } from "./RemovedEvents.ts"

/** What is asked to be removed. Times are milliseconds since 1970. */
export interface NewRemoval {
  readonly id: string
  readonly parent: string | null
  readonly projectId: number
  readonly kind: RemovalKind
  readonly ids: ReadonlyArray<string>
  readonly idHashes: ReadonlyArray<bigint>
  readonly from: number | null
  readonly to: number | null
  /** Absent: now. */
  readonly requestedAt?: number
  readonly knownAt?: number
}

/** Open removals of one look, and terms of one fetch. */
const MOST_OPEN = 100
const FETCH = 1000

/** Removals in Postgres, which are the truth. */
export class RemovalRepo extends Context.Service<
  RemovalRepo,
  {
    byId(id: string): Effect.Effect<Option.Option<Removal>, LedgerUnavailable>
    /** Of a person whose further ids were found later. */
    childrenOf(id: string): Effect.Effect<ReadonlyArray<Removal>, LedgerUnavailable>
    /**
     * Notes it while no batch is sealed and no link added, so that each batch and link
     * either knows of it or was before it. Takes the links of its ids out of the ledger.
     * None if the project was deleted.
     */
    register(
      removal: NewRemoval
    ): Effect.Effect<Option.Option<Removal>, LedgerUnavailable>
    /** Says whose hashes they are, of a removal that was restored without its ids. */
    name(
      removal: Removal,
      ids: ReadonlyArray<string>
    ): Effect.Effect<void, LedgerUnavailable>
    /** Notes that queries leave it out. */
    hidden(id: string): Effect.Effect<void, LedgerUnavailable>
    /** Those that are not done, oldest first; at most some. */
    readonly open: Effect.Effect<ReadonlyArray<Removal>, LedgerUnavailable>
    /** Which of these wait for nothing that was begun before them. */
    due(
      removals: ReadonlyArray<Removal>
    ): Effect.Effect<ReadonlyArray<Removal>, LedgerUnavailable>
    /** What removals numbered after `from`, up to `to`, cover; at most some, in order. */
    terms(
      from: bigint,
      to: bigint
    ): Effect.Effect<ReadonlyArray<RemovalTerms>, LedgerUnavailable>
  }
>()("@analytics/data-ingestion/removals/RemovalRepo") {
  static readonly layer = Layer.effect(
    RemovalRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const columns = sql.literal(
        `seq, id::text AS id, parent::text AS parent, project_id, kind, ids, id_hashes,
         from_at, to_at, requested_at, known_at, counts, hidden_at, removed_at, done_at`
      )

      /** Takes the links of these ids out of the ledger, and keeps earlier ones out. */
      const takeOut = Effect.fnUntraced(function* (
        projectId: bigint,
        id: string,
        ids: ReadonlyArray<string>,
        knownAt: Date
      ) {
        yield* sql`
          INSERT INTO ingest.removed_ids (project_id, id_key, removal, known_at)
          SELECT DISTINCT ${projectId}::bigint, ingest.id_key(id), ${id}::uuid,
                 ${knownAt}::timestamptz
            FROM unnest(${ids}::text[]) AS i (id)`
        yield* sql`
          WITH moved AS (
            DELETE FROM ingest.links AS l
             WHERE project_id = ${projectId} AND known_at <= ${knownAt}
               AND (from_key = ANY(ARRAY(
                      SELECT id_key FROM ingest.removed_ids
                       WHERE project_id = ${projectId} AND removal = ${id}::uuid))
                 OR to_key = ANY(ARRAY(
                      SELECT id_key FROM ingest.removed_ids
                       WHERE project_id = ${projectId} AND removal = ${id}::uuid)))
            RETURNING kind, from_id, to_id, timestamp, message_id, known_at, undone_at
          )
          INSERT INTO ingest.removed_links
            (project_id, kind, from_id, to_id, timestamp, message_id, known_at, undone_at)
          SELECT ${projectId}::bigint, moved.* FROM moved`
      })

      const insert = Effect.fnUntraced(function* (removal: NewRemoval) {
        const projectId = BigInt(removal.projectId)
        // As a seal does: numbers grow in the order of commits.
        yield* sql`SELECT published FROM ingest.watermark FOR UPDATE`
        const deleted = yield* sql`
          SELECT 1 FROM ingest.purges WHERE project_id = ${projectId}`
        if (deleted.length > 0) return Option.none()
        // Whoever adds links has committed, or will see what is removed.
        yield* sql`SET LOCAL lock_timeout = '10s'`
        yield* sql`LOCK TABLE ingest.links IN SHARE ROW EXCLUSIVE MODE`
        const [row] = yield* sql<Row>`
          INSERT INTO ingest.removals AS r
            (id, parent, project_id, kind, ids, id_hashes, from_at, to_at, requested_at,
             known_at)
          SELECT ${removal.id}::uuid, ${removal.parent}::uuid, ${projectId}::bigint,
                 ${removal.kind}::text, ${removal.ids}::text[],
                 ${removal.idHashes.map((hash) => BigInt.asIntN(64, hash))}::bigint[],
                 ${dateOf(removal.from)}::timestamptz, ${dateOf(removal.to)}::timestamptz,
                 coalesce(${dateOf(removal.requestedAt)}::timestamptz, now.at),
                 coalesce(${dateOf(removal.knownAt)}::timestamptz, greatest(now.at,
                   greatest(w.published, w.floor) + interval '1 millisecond',
                   (SELECT max(known_at) FROM ingest.batches WHERE done_at IS NULL)))
            FROM ingest.watermark AS w,
                 (SELECT date_trunc('milliseconds', clock_timestamp()) AS at) AS now
          RETURNING ${columns}`
        if (row === undefined) return Option.none()
        yield* takeOut(projectId, removal.id, removal.ids, row.knownAt)
        // What is sealed from now on is known later than this.
        yield* sql`
          SELECT pg_sleep(least(1, greatest(0,
            extract(epoch FROM ${row.knownAt}::timestamptz - clock_timestamp())) + 0.002))`
        return Option.some(removalOf(row))
      })

      return RemovalRepo.of({
        byId: Effect.fn("RemovalRepo.byId")((id) =>
          sql<Row>`SELECT ${columns} FROM ingest.removals WHERE id = ${id}::uuid`.pipe(
            Effect.map(([row]) => Option.map(Option.fromUndefinedOr(row), removalOf)),
            unavailable
          )
        ),
        childrenOf: Effect.fn("RemovalRepo.childrenOf")((id) =>
          sql<Row>`
            SELECT ${columns} FROM ingest.removals WHERE parent = ${id}::uuid
             ORDER BY seq`.pipe(
            Effect.map((rows) => rows.map(removalOf)),
            unavailable
          )
        ),
        register: Effect.fn("RemovalRepo.register")((removal) =>
          insert(removal).pipe(sql.withTransaction, unavailable)
        ),
        name: Effect.fn("RemovalRepo.name")(({ id, knownAt, projectId }, ids) =>
          Effect.gen(function* () {
            yield* sql`
              UPDATE ingest.removals SET ids = ${ids}::text[] WHERE id = ${id}::uuid`
            yield* takeOut(BigInt(projectId), id, ids, new Date(knownAt))
          }).pipe(sql.withTransaction, unavailable)
        ),
        hidden: Effect.fn("RemovalRepo.hidden")((id) =>
          sql`UPDATE ingest.removals SET hidden_at = clock_timestamp()
               WHERE id = ${id}::uuid AND hidden_at IS NULL`.pipe(
            unavailable,
            Effect.asVoid
          )
        ),
        open: sql<Row>`
          SELECT ${columns} FROM ingest.removals
           WHERE done_at IS NULL ORDER BY seq LIMIT ${MOST_OPEN}`.pipe(
          Effect.map((rows) => rows.map(removalOf)),
          unavailable,
          Effect.withSpan("RemovalRepo.open")
        ),
        due: Effect.fn("RemovalRepo.due")((removals) =>
          removals.length === 0
            ? Effect.succeed([])
            : sql<{ seq: bigint }>`
                SELECT seq FROM ingest.removals AS r
                 WHERE seq = ANY(${removals.map(({ seq }) => seq)}::bigint[])
                   AND NOT EXISTS (
                     SELECT 1 FROM ingest.batches AS b
                      WHERE b.done_at IS NULL AND b.removals_to < r.seq)
                   AND NOT EXISTS (
                     SELECT 1 FROM ingest.link_undos AS u
                      WHERE u.done_at IS NULL AND u.project_id = r.project_id
                        AND u.known_at <= r.known_at)`.pipe(
                Effect.map((rows) => {
                  const due = new Set(rows.map(({ seq }) => seq))
                  return removals.filter(({ seq }) => due.has(seq))
                }),
                unavailable
              )
        ),
        terms: Effect.fn("RemovalRepo.terms")((from, to) =>
          sql<Row>`
            SELECT ${columns} FROM ingest.removals
             WHERE seq > ${from} AND seq <= ${to} ORDER BY seq LIMIT ${FETCH}`.pipe(
            Effect.map((rows) => rows.map(removalOf)),
            unavailable
          )
        )
      })
    })
  )
}

type Instant = "from" | "to" | "requestedAt" | "knownAt"
type Optional = "hiddenAt" | "removedAt" | "doneAt"

interface Row extends Omit<Removal, Instant | Optional | "projectId"> {
  readonly projectId: bigint
  readonly fromAt: Date | null
  readonly toAt: Date | null
  readonly requestedAt: Date
  readonly knownAt: Date
  readonly hiddenAt: Date | null
  readonly removedAt: Date | null
  readonly doneAt: Date | null
}

const dateOf = (ms: number | null | undefined) => (ms == null ? null : new Date(ms))

const removalOf = ({ fromAt, toAt, ...row }: Row): Removal => ({
  ...row,
  projectId: Number(row.projectId),
  idHashes: row.idHashes.map((hash) => BigInt.asUintN(64, hash)),
  from: fromAt?.getTime() ?? null,
  to: toAt?.getTime() ?? null,
  requestedAt: row.requestedAt.getTime(),
  knownAt: row.knownAt.getTime(),
  hiddenAt: row.hiddenAt?.getTime() ?? null,
  removedAt: row.removedAt?.getTime() ?? null,
  doneAt: row.doneAt?.getTime() ?? null
})
