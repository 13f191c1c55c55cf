import { BackupRefused, type BackupUnavailable } from "@analytics/backup/BackupError"
import { completeBackup } from "@analytics/backup/completeBackup"
import { dumpPiece, eventPieces } from "@analytics/backup/dumpEvents"
import { dumpPostgres, PostgresDump } from "@analytics/backup/dumpPostgres"
import { DumpedObject, Manifest } from "@analytics/backup/Manifest"
import { checkObject } from "@analytics/backup/tallyObject"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import type { ClickHouse } from "@analytics/database/ClickHouse"
import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Option, Schema } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed, type JobType, JobUnavailable } from "../../jobs/JobType.ts"
import { keepNewest } from "./keepNewest.ts"

/** A folder below `backups/`, where `removals/` holds what was erased. */
export const BackupName = Schema.String.check(
  Schema.isPattern(/^(?!removals$)[a-z0-9][a-z0-9-]{0,63}$/u)
).annotate({ examples: ["before-upgrade"] })

const Payload = Schema.Struct({
  name: Schema.optionalKey(BackupName).annotate({
    description:
      "The job's id when absent. An older backup of that name is replaced once this one is complete"
  }),
  keep: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))
  ).annotate({
    description: "So many complete backups stay, the newest; all when absent"
  })
})

const Result = Schema.Struct({
  name: Schema.String,
  takenAt: Schema.String,
  objects: Schema.Int,
  rows: Schema.Int,
  bytes: Schema.Int,
  removed: Schema.Array(Schema.String).annotate({
    description: "Older backups that were removed"
  })
})

/** Postgres and ClickHouse as of one moment, in the object store. */
export const backup: JobType<
  typeof Payload,
  typeof Result,
  ClickHouse | ObjectStore | PostgresConfig
> = {
  name: "backup",
  description:
    "Copies Postgres and ClickHouse as of one moment into the object store, and reads every copy back.",
  of: "installation",
  payload: Payload,
  result: Result,
  limits: {
    perProject: 1,
    inAll: 1,
    waiting: 10,
    time: 12 * 3_600_000,
    memory: 256,
    attempts: 5
  },
  run: Effect.fnUntraced(function* ({ id, payload }) {
    const { url } = yield* PostgresConfig
    const { step } = yield* JobRun
    const name = payload.name ?? id
    const postgres = yield* step(
      "postgres",
      PostgresDump,
      failing(dumpPostgres(url, name))
    )
    const events = yield* step(
      "events",
      Schema.Array(DumpedObject),
      dumpEvents(name, postgres.sealedUpTo)
    )
    // What cannot be read back must not be taken for a backup, nor push out an older one.
    yield* step("verify", Schema.Void, verify([...postgres.objects, ...events]))
    const manifest = yield* step(
      "manifest",
      Manifest,
      failing(completeBackup(url, name, postgres, events))
    )
    const { keep } = payload
    const removed =
      keep === undefined
        ? []
        : yield* step("keep", Schema.Array(Schema.String), failing(keepNewest(keep)))
    const total = (of: "rows" | "bytes") =>
      manifest.objects.reduce((sum, object) => sum + object[of], 0)
    return {
      name,
      takenAt: manifest.takenAt,
      objects: manifest.objects.length,
      rows: total("rows"),
      bytes: total("bytes"),
      removed
    }
  })
}

/** Piece by piece; what was dumped of this snapshot is not dumped again. */
const dumpEvents = Effect.fnUntraced(function* (name: string, sealedUpTo: string) {
  const { checkpoint, progress } = yield* JobRun
  const kept = checkpoint(`events of ${sealedUpTo}`, Schema.Array(DumpedObject))
  let done = Option.getOrElse(yield* kept.read, (): ReadonlyArray<DumpedObject> => [])
  const pieces = yield* failing(eventPieces)
  for (const piece of pieces) {
    const key = `/${piece.name}/${piece.partition}.tsv.zst`
    if (done.some((object) => object.key.endsWith(key))) continue
    done = [...done, yield* failing(dumpPiece(piece, name, sealedUpTo))]
    yield* kept.save(done)
    yield* progress({ done: done.length, total: pieces.length, unit: "partitions" })
  }
  return done
})

const verify = Effect.fnUntraced(function* (objects: ReadonlyArray<DumpedObject>) {
  const { progress } = yield* JobRun
  const total = objects.reduce((sum, { rows }) => sum + rows, 0)
  let done = 0
  for (const object of objects) {
    yield* failing(checkObject(object))
    done += object.rows
    yield* progress({ done, total, unit: "rows" })
  }
})

/** As a job says it. */
export const failing = <A, R>(
  effect: Effect.Effect<A, BackupUnavailable | BackupRefused, R>
): Effect.Effect<A, JobFailed | JobUnavailable, R> =>
  Effect.mapError(effect, (error) =>
    error instanceof BackupRefused
      ? new JobFailed({ detail: error.detail })
      : new JobUnavailable({ what: error.what, detail: error.detail })
  )
