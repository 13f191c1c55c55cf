import { Result } from "effect"
import { HistoryConflict, type StoreName } from "./MigrateError.ts"
import { compareVersions, type Migration } from "./Migration.ts"

/** What a store remembers of one migration. */
export interface Applied {
  readonly version: string
  readonly name: string
  readonly checksum: string
  readonly appliedAt: Date
}

/** The files beside the record: `applied` is `null` where the file still waits. */
export type Entry = Migration & { readonly applied: Applied | null }

/**
 * Lines up files with what was applied. Refuses a file that changed or vanished after it
 * was applied, and one that waits before an applied one: the store would then differ
 * from every store that was migrated in order.
 */
export const align = (
  store: StoreName,
  files: ReadonlyArray<Migration>,
  applied: ReadonlyArray<Applied>
): Result.Result<ReadonlyArray<Entry>, HistoryConflict> => {
  const conflict = (version: string, reason: string) =>
    Result.fail(new HistoryConflict({ store, version, reason }))
  const byVersion = new Map(applied.map((row) => [row.version, row]))
  const entries = files.map((file) => ({
    ...file,
    applied: byVersion.get(file.version) ?? null
  }))
  const known = new Set(files.map((file) => file.version))
  const vanished = applied.find((row) => !known.has(row.version))
  if (vanished)
    return conflict(
      vanished.version,
      `"${vanished.name}" was applied but its file is gone; bring the file back`
    )
  const changed = entries.find(
    (row) => row.applied && row.applied.checksum !== row.checksum
  )
  if (changed)
    return conflict(
      changed.version,
      `"${changed.name}" was changed after it was applied; restore the file and put the change in a new migration`
    )
  const newest = applied
    .map((row) => row.version)
    .toSorted(compareVersions)
    .at(-1)
  const skipped = entries.find(
    (row) =>
      row.applied === null &&
      newest !== undefined &&
      compareVersions(row.version, newest) < 0
  )
  if (skipped)
    return conflict(
      skipped.version,
      `"${skipped.name}" was never applied but is older than ${newest}, which was; give it a newer version`
    )
  return Result.succeed(entries)
}

/** What is left to apply, oldest first, up to and including `to`. */
export const pending = (
  entries: ReadonlyArray<Entry>,
  to?: string
): ReadonlyArray<Entry> =>
  entries.filter(
    (row) =>
      row.applied === null &&
      (to === undefined || compareVersions(row.version, to) <= 0)
  )

/** What has to go so that `to` is the newest left, newest first. */
export const revertible = (
  entries: ReadonlyArray<Entry>,
  to: string
): ReadonlyArray<Entry> =>
  entries
    .filter((row) => row.applied !== null && compareVersions(row.version, to) > 0)
    .toReversed()
