import { readManifest } from "@analytics/backup/readManifest"
import * as Backup from "@analytics/backup/restore"
import { onScratch } from "@analytics/backup/scratch"
import type { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Schema } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import type { JobType } from "../../jobs/JobType.ts"
import { BackupName, failing } from "../backup/backup.ts"

const Payload = Schema.Struct({ backup: BackupName })

const Result = Schema.Struct({
  backup: Schema.String,
  takenAt: Schema.String,
  objects: Schema.Int,
  rows: Schema.Int.annotate({
    description: "Rows that were put back and compared with those dumped"
  })
})

/**
 * Proves that a backup can be restored: it is, into databases of its own beside those in
 * use, and every table is compared with what was dumped. The stores in use are replaced by
 * `make restore`, while nothing runs on them.
 */
export const restore: JobType<
  typeof Payload,
  typeof Result,
  PostgresConfig | ClickHouseConfig | ObjectStore
> = {
  name: "restore",
  description:
    "Restores a backup into databases of its own, compares every table with what was dumped, and drops them. What is in use stays as it is: `make restore` replaces that.",
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
    const { step } = yield* JobRun
    return yield* step(
      "restore",
      Result,
      failing(
        Effect.gen(function* () {
          const manifest = yield* readManifest(payload.backup)
          yield* onScratch(
            `restore_${id.replaceAll("-", "")}`,
            Effect.flatMap(PostgresConfig, ({ url }) =>
              Backup.restore(manifest, { url, replace: true })
            )
          )
          return {
            backup: manifest.name,
            takenAt: manifest.takenAt,
            objects: manifest.objects.length,
            rows: manifest.objects.reduce((sum, { rows }) => sum + rows, 0)
          }
        })
      )
    )
  })
}
