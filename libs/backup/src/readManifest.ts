import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Schema, Stream } from "effect"
import { BackupRefused, type BackupUnavailable } from "./BackupError.ts"
import { objectStoreAway } from "./Dump.ts"
import { Manifest, manifestKey } from "./Manifest.ts"

const StoredManifest = Schema.fromJsonString(Manifest)

/** Says that a backup is complete. */
export const writeManifest = Effect.fn("Backup.writeManifest")(function* (
  manifest: Manifest
) {
  const store = yield* ObjectStore
  const text = yield* Effect.orDie(Schema.encodeEffect(StoredManifest)(manifest))
  yield* store.put(manifestKey(manifest.name), Stream.make(Buffer.from(text))).pipe(
    Effect.catchTags({
      ObjectStoreUnavailable: ({ detail }) => objectStoreAway(detail),
      ObjectTooLarge: Effect.die
    })
  )
})

/** Refused when there is none: the backup was never completed. */
export const readManifest = Effect.fn("Backup.readManifest")(function* (
  name: string
): Effect.fn.Return<Manifest, BackupRefused | BackupUnavailable, ObjectStore> {
  const store = yield* ObjectStore
  const text = yield* store.get(manifestKey(name)).pipe(
    Stream.decodeText,
    Stream.mkString,
    Effect.catchTags({
      ObjectStoreUnavailable: ({ detail }) => objectStoreAway(detail),
      ObjectNotFound: () =>
        new BackupRefused({ detail: `There is no complete backup named ${name}.` })
    })
  )
  return yield* Effect.mapError(
    Schema.decodeEffect(StoredManifest)(text),
    (error) =>
      new BackupRefused({ detail: `The manifest of ${name} cannot be read: ${error}` })
  )
})
