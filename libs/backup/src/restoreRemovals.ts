import { ClickHouse } from "@analytics/database/ClickHouse"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Schema, Stream } from "effect"
import type { Client } from "pg"
import { type BackupUnavailable, reasonOf } from "./BackupError.ts"
import { objectStoreAway } from "./Dump.ts"
import { storeAway } from "./dumpEvents.ts"
import { rowsOf } from "./PostgresSession.ts"

/** Where removals are noted, one object for each. */
const NOTES = "backups/removals/"

const Note = Schema.fromJsonString(
  Schema.Struct({
    id: Schema.String,
    projectId: Schema.Int,
    kind: Schema.Literals(["person", "range", "expiry"]),
    /** `id_hash` of all ids of a person, decimal. */
    idHashes: Schema.Array(Schema.String),
    from: Schema.NullOr(Schema.String),
    to: Schema.NullOr(Schema.String),
    requestedAt: Schema.String
  })
)
type Note = typeof Note.Type

/**
 * What was erased after a backup was taken stays erased: its removals are noted as open in
 * both stores, so that no query shows it, and a loader removes it again.
 *
 * @returns how many
 */
export const restoreRemovals = Effect.fn("Backup.restoreRemovals")(function* (
  client: Client
): Effect.fn.Return<number, BackupUnavailable, ClickHouse | ObjectStore> {
  const store = yield* ObjectStore
  const keys = yield* store.list(NOTES).pipe(
    Stream.map(({ key }) => key),
    Stream.runCollect,
    Effect.mapError(({ detail }) => objectStoreAway(detail))
  )
  let restored = 0
  for (const key of keys) {
    const note = yield* readNote(key)
    const added = yield* rowsOf(
      client,
      `INSERT INTO ingest.removals
         (id, project_id, kind, id_hashes, from_at, to_at, requested_at, known_at)
       VALUES ($1, $2, $3, $4::bigint[], $5, $6, $7, $7)
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      [
        note.id,
        note.projectId,
        note.kind,
        note.idHashes.map((hash) => String(BigInt.asIntN(64, BigInt(hash)))),
        note.from,
        note.to,
        note.requestedAt
      ]
    )
    if (added.length === 0) continue
    yield* hide(note)
    restored++
  }
  return restored
})

const readNote = Effect.fnUntraced(function* (key: string) {
  const store = yield* ObjectStore
  const text = yield* store.get(key).pipe(
    Stream.decodeText,
    Stream.mkString,
    Effect.mapError((error) => objectStoreAway(reasonOf(error)))
  )
  return yield* Effect.mapError(Schema.decodeEffect(Note)(text), () =>
    objectStoreAway(`${key} is no note of a removal`)
  )
})

/** Queries leave it out from the start: they may come before a loader does. */
const hide = Effect.fnUntraced(function* (note: Note) {
  const clickhouse = yield* ClickHouse
  const row = (idHash: string, isRange: 0 | 1) =>
    JSON.stringify({
      project_id: note.projectId,
      removal: note.id,
      is_range: isRange,
      id_hash: idHash,
      from_at: clock(note.from),
      to_at: clock(note.to),
      received_until: clock(note.requestedAt),
      known_until: clock(note.requestedAt)
    })
  yield* clickhouse
    .insert({
      table: "removals",
      format: "JSONEachRow",
      body:
        note.kind === "person"
          ? note.idHashes.map((hash) => row(hash, 0)).join("\n")
          : row("0", 1)
    })
    .pipe(Effect.mapError(storeAway))
})

/** As the store reads it. */
const clock = (instant: string | null): string =>
  new Date(instant ?? 0).toISOString().replace("T", " ").replace("Z", "")
