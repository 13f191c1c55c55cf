import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { JobUnavailable } from "../../jobs/JobType.ts"

const away = (what: string) => (error: { readonly _tag: string }) =>
  new JobUnavailable({ what, detail: error._tag })

/** Files of a project that were made before an instant (epoch milliseconds). */
const exportsBefore = Effect.fnUntraced(function* (projectId: number, before: number) {
  const store = yield* ObjectStore
  return yield* store.list(`exports/${projectId}/`).pipe(
    Stream.filter(({ modifiedAt }) => modifiedAt.getTime() <= before),
    Stream.map(({ key }) => key),
    Stream.runCollect,
    Effect.mapError(away("object store"))
  )
})

const uploadsBefore = Effect.fnUntraced(function* (projectId: number, before: number) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{ id: string }>`
    SELECT id::text AS id FROM jobs.uploads
     WHERE project_id = ${BigInt(projectId)} AND created_at <= ${new Date(before)}`.pipe(
    Effect.mapError(away("Postgres"))
  )
})

export const countObjects = Effect.fn("Removal.countObjects")(function* (
  projectId: number,
  before: number
) {
  return {
    exports: (yield* exportsBefore(projectId, before)).length,
    uploads: (yield* uploadsBefore(projectId, before)).length
  }
})

/** Exports and uploads may hold what was removed, and are made again from what is left. */
export const removeObjects = Effect.fn("Removal.removeObjects")(function* (
  projectId: number,
  before: number
) {
  const store = yield* ObjectStore
  const sql = yield* SqlClient.SqlClient
  for (const key of yield* exportsBefore(projectId, before))
    yield* Effect.mapError(store.remove(key), away("object store"))
  for (const { id } of yield* uploadsBefore(projectId, before)) {
    yield* Effect.mapError(store.remove(`uploads/${id}`), away("object store"))
    yield* Effect.mapError(
      sql`DELETE FROM jobs.uploads WHERE id = ${id}::uuid`,
      away("Postgres")
    )
  }
})

/** Where what a restored backup must leave out is kept, one object for each removal. */
export const REMOVALS = "backups/removals/"

/** Notes for every restore what must not come back. Hashes of ids, nobody's id. */
export const noteForBackups = Effect.fn("Removal.noteForBackups")(function* (note: {
  readonly id: string
  readonly projectId: number
  readonly kind: "person" | "range" | "expiry"
  readonly idHashes: ReadonlyArray<string>
  readonly from: string | null
  readonly to: string | null
  readonly requestedAt: string
}) {
  const store = yield* ObjectStore
  const line = new TextEncoder().encode(`${JSON.stringify(note)}\n`)
  yield* store
    .put(`${REMOVALS}${note.id}.ndjson`, Stream.make(line))
    .pipe(Effect.mapError(away("object store")))
})
