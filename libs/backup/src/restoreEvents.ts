import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Array as Arr, Effect, Stream } from "effect"
import { BackupRefused, type BackupUnavailable, reasonOf } from "./BackupError.ts"
import { linesOf } from "./Dump.ts"
import {
  DERIVED,
  eventPieces,
  eventTables,
  LONGEST,
  rowsAsText,
  storeAway
} from "./dumpEvents.ts"
import { wholeLines } from "./Lines.ts"
import type { DumpedObject, Manifest } from "./Manifest.ts"
import { expectSame } from "./tallyObject.ts"

/** Bytes of one INSERT. */
const BLOCK = 16 * 1024 * 1024

/** Batches that one statement takes out. */
const AT_ONCE = 10_000

/** Later than anything known. */
const EVER = "2100-01-01T00:00:00.000000Z"

/**
 * Puts the rows of a backup into tables that are emptied first, compares what is there then
 * with what was dumped, and takes out the batches that were not done.
 */
export const restoreEvents = Effect.fn("Backup.restoreEvents")(function* (
  manifest: Manifest
): Effect.fn.Return<void, BackupUnavailable | BackupRefused, ClickHouse | ObjectStore> {
  const clickhouse = yield* ClickHouse
  const command = (sql: string, params: Record<string, unknown> = {}) =>
    Effect.mapError(
      clickhouse.command(sql, {
        params,
        settings: { mutations_sync: "2", max_execution_time: 0 },
        timeout: LONGEST
      }),
      storeAway
    )
  const tables = yield* eventTables
  for (const name of [...tables.map((table) => table.name), ...DERIVED])
    yield* command(clickhouse.topology.truncate(name))
  const objects = manifest.objects.filter(({ store }) => store === "clickhouse")
  for (const object of objects) yield* insertObject(object)
  // Every object, also one of which nothing came.
  for (const object of objects) {
    const partition = /([^/]+)\.tsv\.zst$/u.exec(object.key)?.[1] ?? ""
    const piece = { name: object.table, columns: object.columns, partition }
    yield* expectSame(object, yield* rowsAsText(piece, EVER), "What was restored")
  }
  for (const { name, partition } of yield* eventPieces)
    if (
      !objects.some(
        ({ key, table }) => table === name && key.endsWith(`/${partition}.tsv.zst`)
      )
    )
      return yield* new BackupRefused({
        detail: `${name} has a partition ${partition} that was not restored: something else writes there.`
      })
  for (const batches of Arr.chunksOf(manifest.excludedBatches.map(BigInt), AT_ONCE))
    for (const { columns, name } of tables)
      if (columns.includes("batch_id"))
        yield* command(
          clickhouse.topology.alter(
            name,
            "DELETE WHERE batch_id IN {batches:Array(UInt64)}"
          ),
          { batches }
        )
  yield* command(clickhouse.topology.truncate("installation"))
  yield* command("INSERT INTO installation (id) SELECT {id:UUID}", {
    id: manifest.installation
  })
})

const insertObject = Effect.fn("Backup.insertObject")(function* (object: DumpedObject) {
  const clickhouse = yield* ClickHouse
  const lines = yield* linesOf(object.key)
  yield* Stream.fromAsyncIterable(
    wholeLines(lines, BLOCK),
    (cause) =>
      new BackupRefused({ detail: `${object.key} cannot be read: ${reasonOf(cause)}` })
  ).pipe(
    Stream.runForEach((body) =>
      clickhouse
        .insert({
          table: object.table,
          columns: object.columns,
          format: "TabSeparated",
          body,
          // Two blocks may be alike.
          settings: { insert_deduplicate: 0, async_insert: 0 }
        })
        .pipe(Effect.mapError(storeAway))
    )
  )
})
