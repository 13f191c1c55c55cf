import { objectStoreAway } from "@analytics/backup/Dump"
import { folderOf } from "@analytics/backup/Manifest"
import { readManifest } from "@analytics/backup/readManifest"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Array as Arr, Effect, Option, Stream } from "effect"

/**
 * Removes all complete backups that can be read but the `keep` newest by the moment they bring back. Their
 * manifests go first, so that a backup that is half gone is none.
 *
 * @returns the names of those that are gone
 */
export const keepNewest = Effect.fn("Backup.keepNewest")(function* (keep: number) {
  const store = yield* ObjectStore
  const keys = yield* store.list("backups/").pipe(
    Stream.map(({ key }) => key),
    Stream.runCollect,
    Effect.mapError(({ detail }) => objectStoreAway(detail))
  )
  const names = keys.flatMap((key) => {
    const [, name] = /^backups\/([^/]+)\/manifest\.json$/u.exec(key) ?? []
    return name === undefined ? [] : [name]
  })
  // What another version wrote is not ours to judge.
  const manifests = yield* Effect.forEach(names, (name) =>
    readManifest(name).pipe(
      Effect.asSome,
      Effect.catchTag("BackupRefused", ({ detail }) =>
        Effect.as(Effect.logWarning(detail), Option.none())
      )
    )
  ).pipe(Effect.map(Arr.getSomes))
  const old = manifests
    .toSorted((a, b) => b.takenAt.localeCompare(a.takenAt))
    .slice(keep)
    .map(({ name }) => name)
  for (const name of old) {
    const manifest = `${folderOf(name)}/manifest.json`
    const rest = keys.filter(
      (key) => key.startsWith(`${folderOf(name)}/`) && key !== manifest
    )
    for (const key of [manifest, ...rest])
      yield* Effect.mapError(store.remove(key), ({ detail }) => objectStoreAway(detail))
  }
  return old
})
