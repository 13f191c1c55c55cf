import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DateTime, Effect } from "effect"
import { BadMigration, type StoreName } from "./MigrateError.ts"

const template = "-- migrate:up\n\n-- migrate:down\n"

/** Writes an empty migration for each store, under one version, and answers their paths. */
export const create = Effect.fn("NewMigration.create")(function* (
  folder: string,
  stores: ReadonlyArray<StoreName>,
  message: string
) {
  const name = slug(message)
  if (name === "")
    return yield* new BadMigration({
      file: message,
      reason: "the message needs a letter or a digit"
    })
  const version = DateTime.formatIso(yield* DateTime.now)
    .replace(/\D/g, "")
    .slice(0, 14)
  return yield* Effect.forEach(stores, (store) =>
    Effect.tryPromise({
      try: async () => {
        const file = join(folder, store, `${version}_${name}.sql`)
        await mkdir(join(folder, store), { recursive: true })
        await writeFile(file, template, { flag: "wx" })
        return file
      },
      catch: (cause) => new BadMigration({ file: name, reason: String(cause) })
    })
  )
})

/** `Add user e-mails!` → `add_user_e_mails` */
const slug = (message: string): string =>
  message
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
