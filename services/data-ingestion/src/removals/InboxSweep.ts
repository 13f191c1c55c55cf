import { encodeFrame, frameLines } from "@analytics/data-processing/InboxEvent"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type LedgerUnavailable, unavailable } from "../loader/LoaderErrors.ts"
import type { Judge } from "./Judge.ts"
import type { Removal } from "./Removal.ts"
import { addCount } from "./RemovalLedger.ts"

/** Rows of one look, with their frames. */
const PAGE = 20

/** Frames of the inbox that still hold what was removed. */
export class InboxSweep extends Context.Service<
  InboxSweep,
  {
    /**
     * Writes frames of finished batches again without it. False if rows that are not
     * loaded yet hold some: they have to be waited for.
     */
    sweep(projectId: number, judge: Judge): Effect.Effect<boolean, LedgerUnavailable>
  }
>()("@analytics/data-ingestion/removals/InboxSweep") {
  static readonly layer = Layer.effect(
    InboxSweep,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const page = (projectId: bigint, after: bigint) =>
        sql<Row>`
          SELECT i.id, i.received_at, i.frame, i.project_ids, i.project_counts,
                 i.batch_id IS NOT NULL AND b.done_at IS NOT NULL AS is_done
            FROM ingest.inbox AS i
            LEFT JOIN ingest.batches AS b ON b.batch_id = i.batch_id
           WHERE i.project_ids @> ARRAY[${projectId}::bigint] AND i.id > ${after}
           ORDER BY i.id, i.received_at
           LIMIT ${PAGE}`.pipe(unavailable)

      const write = Effect.fnUntraced(function* (
        projectId: number,
        row: Row,
        kept: ReadonlyArray<string>,
        gone: ReadonlyMap<Removal, number>
      ) {
        const went = [...gone.values()].reduce((sum, lines) => sum + lines, 0)
        const counts = row.projectIds
          .map((id, at) => ({
            id,
            events: (row.projectCounts[at] ?? 0) - (Number(id) === projectId ? went : 0)
          }))
          .filter(({ events }) => events > 0)
        // Times of Postgres are finer than ours.
        const one = sql`
          id = ${row.id} AND received_at >= ${row.receivedAt}
            AND received_at < ${new Date(row.receivedAt.getTime() + 1)}
            AND frame = ${row.frame}`
        const written = yield* kept.length === 0
          ? sql`DELETE FROM ingest.inbox WHERE ${one} RETURNING 1`
          : sql`
              UPDATE ingest.inbox
                 SET frame = ${encodeFrame(kept)}, events = ${kept.length},
                     project_ids = ${counts.map(({ id }) => id)}::bigint[],
                     project_counts = ${counts.map(({ events }) => events)}::integer[]
               WHERE ${one} RETURNING 1`
        // Another loader may have done so.
        if (written.length === 0) return
        for (const [removal, lines] of gone)
          yield* addCount(sql, removal.id, "inbox", lines)
      }, sql.withTransaction)

      return InboxSweep.of({
        sweep: Effect.fn("InboxSweep.sweep")(function* (projectId, judge) {
          let isLoaded = true
          for (let after = -1n; ; ) {
            const rows = yield* page(BigInt(projectId), after)
            for (const row of rows) {
              after = row.id
              // Events that are loaded meanwhile go first.
              yield* Effect.yieldNow
              const lines = linesOf(row.frame)
              if (lines === undefined) continue
              const gone = new Map<Removal, number>()
              let isChanged = false
              const kept = lines.flatMap((line) => {
                const verdict = judge.ofText(line, projectId, row.receivedAt.getTime())
                if (verdict === undefined) return [line]
                isChanged = true
                if ("line" in verdict) return [verdict.line]
                gone.set(verdict.goes, (gone.get(verdict.goes) ?? 0) + 1)
                return []
              })
              if (!isChanged) continue
              if (row.isDone) yield* unavailable(write(projectId, row, kept, gone))
              else isLoaded = false
            }
            if (rows.length < PAGE) return isLoaded
          }
        })
      })
    })
  )
}

interface Row {
  readonly id: bigint
  readonly receivedAt: Date
  readonly frame: Uint8Array
  readonly projectIds: ReadonlyArray<bigint>
  readonly projectCounts: ReadonlyArray<number>
  readonly isDone: boolean
}

const linesOf = (frame: Uint8Array): ReadonlyArray<string> | undefined => {
  try {
    return frameLines(frame)
  } catch {
    return undefined
  }
}
