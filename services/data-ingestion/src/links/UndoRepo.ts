import type { Link } from "@analytics/data-processing/Identity"
import { Context, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { type LedgerUnavailable, unavailableAfter } from "../loader/LoaderErrors.ts"
import { storable } from "../loader/storable.ts"

/** What names one link of a project. Times are milliseconds since 1970. */
export type LinkName = Omit<Link, "knownAt" | "undoneAt">

/** An undo whose people may not be written yet. */
export interface OpenUndo {
  readonly id: bigint
  readonly projectId: number
  readonly from: string
  readonly to: string
  readonly knownAt: number
}

/** Undone links of the identity ledger. */
export class UndoRepo extends Context.Service<
  UndoRepo,
  {
    /**
     * Undoes a link as of an instant above every watermark published, and holds the
     * watermark below it until `done`. None if there is no such link, or if the project
     * was deleted: its people are removed, and must not be written after that.
     *
     * @returns when it was undone, now or earlier, or when a parked undo begins anew
     */
    begin(
      projectId: number,
      link: LinkName
    ): Effect.Effect<Option.Option<number>, LedgerUnavailable>
    /** Those that are not done, oldest first, of one project or of all. */
    open(projectId?: number): Effect.Effect<ReadonlyArray<OpenUndo>, LedgerUnavailable>
    done(id: bigint): Effect.Effect<void, LedgerUnavailable>
    /** Gives one up: it holds the watermark no longer, and undoing its link tries again. */
    park(id: bigint, reason: string): Effect.Effect<void, LedgerUnavailable>
    /** Undone links that touch one of these ids. */
    touching(
      projectId: number,
      ids: ReadonlyArray<string>,
      most: number
    ): Effect.Effect<ReadonlyArray<Link>, LedgerUnavailable>
  }
>()("@analytics/data-ingestion/links/UndoRepo") {
  static readonly layer = Layer.effect(
    UndoRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const unavailable = unavailableAfter("10 seconds")

      const named = (projectId: number, link: LinkName) => sql`
        project_id = ${BigInt(projectId)} AND kind = ${link.kind}
          AND from_key = ingest.id_key(${link.from})
          AND to_key = ingest.id_key(${link.to})
          AND timestamp = ${new Date(link.timestamp)}
          AND message_id = ${storable(link.messageId)}`

      /** What was given up is open again, from an instant that nobody was told yet. */
      const resume = Effect.fnUntraced(function* (projectId: number, link: LinkName) {
        const [row] = yield* sql<{ knownAt: Date }>`
          INSERT INTO ingest.link_undos (project_id, kind, from_id, to_id, known_at)
          SELECT project_id, kind, from_id, to_id,
                 greatest(date_trunc('milliseconds', clock_timestamp()),
                          (SELECT greatest(published, floor) + interval '1 millisecond'
                             FROM ingest.watermark))
            FROM (SELECT * FROM ingest.link_undos
                   WHERE project_id = ${BigInt(projectId)} AND kind = ${link.kind}
                     AND from_id = ${link.from} AND to_id = ${link.to}
                   ORDER BY id DESC LIMIT 1) AS last
           WHERE last.parked IS NOT NULL
          RETURNING known_at`
        // Until now it tied them, whatever was meant: that is the history of answers.
        if (row !== undefined)
          yield* sql`UPDATE ingest.links SET undone_at = ${row.knownAt}
                      WHERE ${named(projectId, link)}`
        return row?.knownAt
      })

      return UndoRepo.of({
        begin: Effect.fn("UndoRepo.begin")((projectId, link) =>
          sql
            .withTransaction(
              Effect.gen(function* () {
                // As a seal does: no watermark is told meanwhile, and numbers grow in
                // the order of commits.
                yield* sql`SELECT published FROM ingest.watermark FOR UPDATE`
                const deleted = yield* sql`
                  SELECT 1 FROM ingest.purges WHERE project_id = ${BigInt(projectId)}`
                if (deleted.length > 0) return Option.none()
                const [undone] = yield* sql<{ undoneAt: Date }>`
                  UPDATE ingest.links
                     SET undone_at = greatest(
                           date_trunc('milliseconds', clock_timestamp()),
                           known_at + interval '1 millisecond',
                           (SELECT greatest(published, floor) + interval '1 millisecond'
                              FROM ingest.watermark))
                   WHERE ${named(projectId, link)} AND undone_at IS NULL
                  RETURNING undone_at`
                if (undone === undefined) {
                  const [before] = yield* sql<{ undoneAt: Date }>`
                    SELECT undone_at FROM ingest.links WHERE ${named(projectId, link)}`
                  if (before === undefined) return Option.none()
                  const again = yield* resume(projectId, link)
                  return Option.some((again ?? before.undoneAt).getTime())
                }
                yield* sql`
                  INSERT INTO ingest.link_undos
                    (project_id, kind, from_id, to_id, known_at)
                  VALUES (${BigInt(projectId)}, ${link.kind}, ${link.from}, ${link.to},
                          ${undone.undoneAt})`
                return Option.some(undone.undoneAt.getTime())
              })
            )
            .pipe(unavailable)
        ),
        open: Effect.fn("UndoRepo.open")((projectId) =>
          sql<OpenRow>`
            SELECT id, project_id, from_id AS "from", to_id AS "to", known_at
              FROM ingest.link_undos
             WHERE done_at IS NULL
               AND (${projectId === undefined} OR project_id = ${BigInt(projectId ?? 0)})
             ORDER BY id LIMIT 1000`.pipe(
            Effect.map((rows) =>
              rows.map((row) => ({
                ...row,
                projectId: Number(row.projectId),
                knownAt: row.knownAt.getTime()
              }))
            ),
            unavailable
          )
        ),
        done: Effect.fn("UndoRepo.done")((id) =>
          sql`UPDATE ingest.link_undos SET done_at = now()
               WHERE id = ${id} AND done_at IS NULL`.pipe(unavailable, Effect.asVoid)
        ),
        park: Effect.fn("UndoRepo.park")((id, reason) =>
          sql`UPDATE ingest.link_undos SET done_at = now(), parked = ${reason}
               WHERE id = ${id} AND done_at IS NULL`.pipe(unavailable, Effect.asVoid)
        ),
        touching: Effect.fn("UndoRepo.touching")((projectId, ids, most) =>
          sql<UndoneRow>`
            SELECT kind, from_id AS "from", to_id AS "to", timestamp, message_id,
                   known_at, undone_at
              FROM ingest.links
             WHERE project_id = ${BigInt(projectId)} AND undone_at IS NOT NULL
               AND (from_key = ANY(SELECT ingest.id_key(i) FROM unnest(${ids}::text[]) AS i)
                 OR to_key = ANY(SELECT ingest.id_key(i) FROM unnest(${ids}::text[]) AS i))
             ORDER BY timestamp, message_id COLLATE "C"
             LIMIT ${most}`.pipe(
            Effect.map((rows) =>
              rows.map((row) => ({
                ...row,
                timestamp: row.timestamp.getTime(),
                knownAt: row.knownAt.getTime(),
                undoneAt: row.undoneAt.getTime()
              }))
            ),
            unavailable
          )
        )
      })
    })
  )
}

interface OpenRow extends Omit<OpenUndo, "projectId" | "knownAt"> {
  readonly projectId: bigint
  readonly knownAt: Date
}

interface UndoneRow extends Pick<Link, "kind" | "from" | "to" | "messageId"> {
  readonly timestamp: Date
  readonly knownAt: Date
  readonly undoneAt: Date
}
