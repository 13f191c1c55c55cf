import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect } from "effect"
import type { Client } from "pg"
import type { BackupUnavailable } from "./BackupError.ts"
import { storeAway } from "./dumpEvents.ts"
import { rowsOf } from "./PostgresSession.ts"

/** Rows of one INSERT: about 300 bytes each. */
const AT_ONCE = 10_000

const TIME = "'YYYY-MM-DD HH24:MI:SS.MS'"

/** Rows of `removals` as the event store reads them. Hashes are kept as signed numbers. */
const HIDDEN = `
  SELECT jsonb_build_object(
           'project_id', project_id, 'removal', id,
           'is_range', CASE WHEN kind = 'person' THEN 0 ELSE 1 END,
           'id_hash', (CASE WHEN hash < 0 THEN hash + 18446744073709551616 ELSE hash END)::text,
           'from_at', to_char(coalesce(from_at, to_timestamp(0)) AT TIME ZONE 'UTC', ${TIME}),
           'to_at', to_char(coalesce(to_at, to_timestamp(0)) AT TIME ZONE 'UTC', ${TIME}),
           'received_until', to_char(requested_at AT TIME ZONE 'UTC', ${TIME}),
           'known_until', to_char(known_at AT TIME ZONE 'UTC', ${TIME}))::text AS line
    FROM ingest.removals,
         unnest(CASE WHEN kind = 'person' THEN id_hashes::numeric[]
                     ELSE ARRAY[0::numeric] END) AS hash
   WHERE done_at IS NULL`

/**
 * Leaves out of queries whatever is not removed by the books that came back. The event
 * store was read later: a removal that was done by then is hidden there no more, and its
 * events may have been read before it. A row twice says the same as once.
 */
export const hideRemovals = Effect.fn("Backup.hideRemovals")(function* (
  client: Client
): Effect.fn.Return<void, BackupUnavailable, ClickHouse> {
  const clickhouse = yield* ClickHouse
  const rows = yield* rowsOf<{ line: string }>(client, HIDDEN)
  for (let at = 0; at < rows.length; at += AT_ONCE)
    yield* clickhouse
      .insert({
        table: "removals",
        format: "JSONEachRow",
        body: rows
          .slice(at, at + AT_ONCE)
          .map(({ line }) => line)
          .join("\n"),
        settings: { async_insert: 0 }
      })
      .pipe(Effect.mapError(storeAway))
})
