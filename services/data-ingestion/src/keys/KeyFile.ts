import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { KeySyncConfig } from "@analytics/config/KeySyncConfig"
import { Installation } from "@analytics/database/Installation"
import { Context, Effect, Layer, type Option, Schema } from "effect"
import { ProjectKey } from "./ProjectKey.ts"

/** Every key that was known at a revision of the feed. */
export const KeyState = Schema.Struct({
  revision: Schema.Int,
  keys: Schema.Array(ProjectKey)
})
export type KeyState = typeof KeyState.Type

/** The keys of another installation would open the projects of this one. */
const stateOf = (installation: string) =>
  Schema.fromJsonString(
    Schema.Struct({
      installation: Schema.Literal(installation),
      ...KeyState.fields
    })
  )

/** The last known keys on disk, for a start while analytics-api is away. */
export class KeyFile extends Context.Service<
  KeyFile,
  {
    /** None, with a log line, without a file of this installation that can be read. */
    readonly load: Effect.Effect<Option.Option<KeyState>>
    /** Replaces the file at once or not at all; a failure is logged, not fatal. */
    save(state: KeyState): Effect.Effect<void>
  }
>()("@analytics/data-ingestion/keys/KeyFile") {
  static readonly layer = Layer.effect(
    KeyFile,
    Effect.gen(function* () {
      const { stateDir } = yield* KeySyncConfig
      const { id: installation } = yield* Installation
      const json = stateOf(installation)
      const path = join(stateDir, "keys.json")
      return KeyFile.of({
        load: Effect.tryPromise({
          try: () => readFile(path, "utf8"),
          catch: String
        }).pipe(
          Effect.flatMap(Schema.decodeEffect(json)),
          Effect.tapError((error) =>
            Effect.logInfo("no last known keys").pipe(
              Effect.annotateLogs({ path, reason: String(error) })
            )
          ),
          Effect.option,
          Effect.withSpan("KeyFile.load")
        ),
        save: Effect.fn("KeyFile.save")((state) =>
          Schema.encodeEffect(json)({ installation, ...state }).pipe(
            Effect.flatMap((text) =>
              Effect.tryPromise({ try: () => replace(path, text), catch: String })
            ),
            Effect.catch((error) =>
              Effect.logWarning("cannot keep the last known keys", error)
            )
          )
        )
      })
    })
  )
}

const replace = async (path: string, text: string): Promise<void> => {
  await mkdir(join(path, ".."), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}`
  await writeFile(draft, text, { mode: 0o600 })
  // `mode` only counts for a file that is new.
  await chmod(draft, 0o600)
  await rename(draft, path)
}
