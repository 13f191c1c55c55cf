import { mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { Effect, Option, Schema } from "effect"

/** How far a file was imported into a project. */
export const Checkpoint = Schema.Struct({
  lastRow: Schema.Int,
  accepted: Schema.Int,
  rejected: Schema.Int,
  skipped: Schema.Int
})
export type Checkpoint = typeof Checkpoint.Type

export const start: Checkpoint = { lastRow: 0, accepted: 0, rejected: 0, skipped: 0 }

const pathOf = (folder: string, name: string) => join(folder, "imports", `${name}.json`)

/** The checkpoint of an earlier run; one that cannot be read counts as none. */
export const readCheckpoint = (folder: string, name: string) =>
  Effect.promise(() => readFile(pathOf(folder, name), "utf8").catch(() => "")).pipe(
    Effect.map((text) =>
      Option.getOrElse(
        Schema.decodeUnknownOption(Schema.fromJsonString(Checkpoint))(text),
        () => start
      )
    )
  )

export class CheckpointUnwritable extends Schema.TaggedError<CheckpointUnwritable>()(
  "CheckpointUnwritable",
  { message: Schema.String }
) {}

export const writeCheckpoint = (folder: string, name: string, state: Checkpoint) =>
  Effect.tryPromise({
    try: async () => {
      const path = pathOf(folder, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(`${path}.draft`, JSON.stringify(state))
      await rename(`${path}.draft`, path)
    },
    catch: (error) => new CheckpointUnwritable({ message: String(error) })
  })
