import { PARSER_VERSION } from "@analytics/data-processing/InboxEvent"
import { uniqueId } from "@analytics/data-processing/UniqueId"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type {
  Batch,
  Frame,
  Lane,
  Outcome,
  Pending,
  Poison,
  PostRecord,
  Quarantined
} from "./Batch.ts"
import { FencedOut, type LedgerUnavailable, unavailable } from "./LoaderErrors.ts"
import { countViolations, keepDropped, type Settled } from "./Settled.ts"
import { ShardLease } from "./ShardLease.ts"
import { storable } from "./storable.ts"

type Failure = FencedOut | LedgerUnavailable

/** Inbox rows of one look, and of one fetch. */
const MOST_PENDING = 20_000
const FETCH_ROWS = 400
/** Quarantined events of one INSERT: at most 32 KB each. */
const QUARANTINE_ROWS = 200
/** Receipts of dropped events in one INSERT: a few hundred bytes each. */
const DROPPED_ROWS = 5000

/** Everything the loader keeps in Postgres about batches. Every write checks the epoch. */
export class BatchRepo extends Context.Service<
  BatchRepo,
  {
    /**
     * Unsealed rows of a lane received in [`since`, `until`), in inbox order, that were
     * made by shard maps up to a version.
     */
    pending(
      lane: Lane,
      since: Date,
      until: Date,
      mapVersion: number
    ): Effect.Effect<ReadonlyArray<Pending>, LedgerUnavailable>
    /** Postgres' own time in milliseconds, which says when rows were received. */
    readonly clock: Effect.Effect<number, LedgerUnavailable>
    /** Makes a batch of these rows, above every watermark published and the floor. */
    seal(lane: Lane, rows: ReadonlyArray<Pending>): Effect.Effect<Batch, Failure>
    /** Batches sealed but not done, oldest first. */
    readonly open: Effect.Effect<ReadonlyArray<Batch>, LedgerUnavailable>
    /** The frames of a batch in inbox order, a few hundred at a time. */
    frames(
      batch: Batch,
      ids: ReadonlyArray<bigint>
    ): Effect.Effect<ReadonlyArray<Frame>, LedgerUnavailable>
    readonly checkEpoch: Effect.Effect<void, Failure>
    /** Records POSTs before they are sent, and forgets those that have `ended`. */
    addPosts(
      batch: Batch,
      posts: ReadonlyArray<PostRecord>,
      ended: ReadonlyArray<PostRecord>
    ): Effect.Effect<void, Failure>
    addPoison(batch: Batch, poison: ReadonlyArray<Poison>): Effect.Effect<void, Failure>
    /** Ends a batch, and counts what became of its events in the same transaction. */
    done(batch: Batch, settled: Settled): Effect.Effect<void, Failure>
  }
>()("@analytics/data-ingestion/loader/BatchRepo") {
  static readonly layer = Layer.effect(
    BatchRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      // Thousands of rows: their columns are not worth renaming.
      const plain = sql.withoutTransforms()
      const { shard, epoch } = yield* ShardLease

      /** Holds the shard's row, so that nobody can take it before the transaction ends. */
      const stillOurs = Effect.flatMap(
        sql`SELECT 1 FROM ingest.shards WHERE shard = ${shard} AND epoch = ${epoch} FOR SHARE`,
        (rows) =>
          rows.length === 1
            ? Effect.void
            : Effect.fail(new FencedOut({ shard, reason: "the epoch is over" }))
      )
      const fenced = <A, E>(effect: Effect.Effect<A, E>) =>
        sql.withTransaction(Effect.andThen(stillOurs, effect)).pipe(unavailable)

      const batchColumns = sql.literal(
        `batch_id, shard, lane, parser_version, known_at, inbox_ids, received_from, received_to, events,
         attempts, poison, posts, deleted_projects, removals_to`
      )

      return BatchRepo.of({
        pending: Effect.fn("BatchRepo.pending")((lane, since, until, mapVersion) =>
          // Both ends are literals, so that only the partitions between them are planned.
          plain<Pending>`
            SELECT id, received_at AS "receivedAt", events, bytes, months,
                   map_version AS "mapVersion"
              FROM ingest.inbox
             WHERE shard = ${shard} AND lane = ${lane} AND batch_id IS NULL
               AND received_at >= ${since}
               AND received_at < ${until} AND map_version <= ${mapVersion}
             ORDER BY id
             LIMIT ${MOST_PENDING}`.pipe(unavailable)
        ),
        clock: sql<{ now: Date }>`SELECT clock_timestamp() AS now`.pipe(
          Effect.map(([row]) => row?.now.getTime() ?? Date.now()),
          unavailable,
          Effect.withSpan("BatchRepo.clock")
        ),
        seal: Effect.fn("BatchRepo.seal")((lane, rows) =>
          fenced(
            Effect.gen(function* () {
              const ids = [...new Set(rows.map(({ id }) => id))]
              const times = rows.map(({ receivedAt }) => receivedAt.getTime())
              const events = rows.reduce((sum, row) => sum + row.events, 0)
              const oldestMap = Math.min(...rows.map(({ mapVersion }) => mapVersion))
              const from = new Date(Math.min(...times))
              const to = new Date(Math.max(...times) + 1)
              yield* sql`SELECT published FROM ingest.watermark FOR UPDATE`
              const [batch] = yield* sql<BatchRow>`
                INSERT INTO ingest.batches
                  (batch_id, shard, lane, epoch, parser_version, known_at, inbox_ids,
                   received_from, received_to, events, map_version, deleted_projects,
                   removals_to)
                SELECT ${uniqueId()}, ${shard}, ${lane}, ${epoch}, ${PARSER_VERSION},
                       greatest(date_trunc('milliseconds', clock_timestamp()),
                                greatest(published, floor) + interval '1 millisecond'),
                       ${ids}, ${from}, ${to}, ${events}, ${oldestMap},
                       ARRAY(
                         SELECT p.project_id FROM ingest.purges AS p
                          WHERE p.project_id IN (
                            SELECT unnest(i.project_ids) FROM ingest.inbox AS i
                             WHERE i.id = ANY(${ids})
                               AND i.received_at >= ${from} AND i.received_at < ${to})),
                       (SELECT coalesce(max(seq), 0) FROM ingest.removals)
                  FROM ingest.watermark
                RETURNING ${batchColumns}`
              const sealed = yield* sql`
                UPDATE ingest.inbox SET batch_id = ${batch?.batchId}
                 WHERE id = ANY(${ids}) AND batch_id IS NULL
                   AND received_at >= ${from} AND received_at < ${to}
                RETURNING id`
              // Two receivers may once in a lifetime make one id twice: then it is more.
              if (batch === undefined || sealed.length < rows.length)
                return yield* new FencedOut({
                  shard,
                  reason: "somebody else sealed these rows"
                })
              return batchOf(batch)
            })
          )
        ),
        open: sql<BatchRow>`
          SELECT ${batchColumns} FROM ingest.batches
           WHERE shard = ${shard} AND done_at IS NULL
           ORDER BY known_at, batch_id`.pipe(
          Effect.map((rows) => rows.map(batchOf)),
          unavailable,
          Effect.withSpan("BatchRepo.open")
        ),
        frames: Effect.fn("BatchRepo.frames")((batch, ids) =>
          plain<Frame>`
            SELECT id, frame, project_ids AS "projectIds",
                   project_counts AS "projectCounts"
              FROM ingest.inbox
             WHERE id = ANY(${ids}) AND batch_id = ${batch.batchId}
               AND received_at >= ${batch.receivedFrom}
               AND received_at <= ${batch.receivedTo}
             ORDER BY id, received_at`.pipe(unavailable)
        ),
        checkEpoch: stillOurs.pipe(unavailable),
        addPosts: Effect.fn("BatchRepo.addPosts")((batch, posts, ended) =>
          fenced(sql`
            UPDATE ingest.batches
               SET attempts = attempts + 1,
                   posts = (
                     SELECT coalesce(jsonb_agg(post), '[]') FROM jsonb_array_elements(posts) AS post
                      WHERE post->>'queryId' <> ALL(${ended.map(({ queryId }) => queryId)}::text[])
                   ) || ${JSON.stringify(posts)}::jsonb
             WHERE batch_id = ${batch.batchId}`)
        ),
        addPoison: Effect.fn("BatchRepo.addPoison")((batch, poison) =>
          fenced(sql`
            UPDATE ingest.batches
               SET poison = poison || ${JSON.stringify(poison)}::jsonb
             WHERE batch_id = ${batch.batchId}`)
        ),
        done: Effect.fn("BatchRepo.done")(
          (batch, { dropped, outcomes, quarantined, violations }) =>
            fenced(
              Effect.gen(function* () {
                const ended = yield* sql`
                UPDATE ingest.batches SET done_at = now()
                 WHERE batch_id = ${batch.batchId} AND done_at IS NULL
                RETURNING batch_id`
                // The answer of an earlier COMMIT got lost: everything is counted already.
                if (ended.length === 0) return
                yield* countOutcomes(sql, outcomes)
                for (let at = 0; at < quarantined.length; at += QUARANTINE_ROWS)
                  yield* keepAside(
                    sql,
                    batch.batchId,
                    quarantined.slice(at, at + QUARANTINE_ROWS)
                  )
                for (let at = 0; at < dropped.length; at += DROPPED_ROWS)
                  yield* keepDropped(
                    sql,
                    batch.batchId,
                    dropped.slice(at, at + DROPPED_ROWS)
                  )
                if (violations.length > 0) yield* countViolations(sql, violations)
              })
            )
        )
      })
    })
  )
}

export { FETCH_ROWS }

/** In the order of the key, so that two loaders never wait for each other in a circle. */
export const countOutcomes = (
  sql: SqlClient.SqlClient,
  outcomes: ReadonlyArray<Outcome>
) => {
  if (outcomes.length === 0) return Effect.void
  const sorted = outcomes.toSorted(
    (a, b) =>
      a.projectId - b.projectId ||
      compare(a.outcome, b.outcome) ||
      compare(a.reason, b.reason)
  )
  return sql`
    INSERT INTO ingest.outcomes AS o (project_id, outcome, reason, events)
    SELECT * FROM unnest(
      ${sorted.map(({ projectId }) => BigInt(projectId))}::bigint[],
      ${sorted.map(({ outcome }) => outcome)}::text[],
      ${sorted.map(({ reason }) => reason)}::text[],
      ${sorted.map(({ events }) => BigInt(events))}::bigint[])
    ON CONFLICT (project_id, outcome, reason)
      DO UPDATE SET events = o.events + excluded.events`
}

const keepAside = (
  sql: SqlClient.SqlClient,
  batchId: bigint,
  quarantined: ReadonlyArray<Quarantined>
) => sql`
  INSERT INTO ingest.quarantine
    (id, project_id, message_id, reason, detail, event, received_at, batch_id)
  SELECT id, project_id, message_id, reason, detail, event,
         to_timestamp(received_at / 1000.0), ${batchId}
    FROM unnest(
      ${quarantined.map(() => uniqueId())}::bigint[],
      ${quarantined.map(({ projectId }) => BigInt(projectId))}::bigint[],
      ${quarantined.map(({ messageId }) => storable(messageId))}::text[],
      ${quarantined.map(({ reason }) => reason)}::text[],
      ${quarantined.map(({ detail }) => storable(detail))}::text[],
      ${quarantined.map(({ event }) => storable(event))}::text[],
      ${quarantined.map(({ receivedAt }) => BigInt(receivedAt))}::bigint[])
    AS q (id, project_id, message_id, reason, detail, event, received_at)`

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

interface BatchRow extends Omit<Batch, "knownAt"> {
  readonly knownAt: Date
}

const batchOf = (row: BatchRow): Batch => ({ ...row, knownAt: row.knownAt.getTime() })
