import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { BadMigration, type StoreName } from "./MigrateError.ts"
import { split } from "./SqlStatements.ts"

/** One file: `<version>_<name>.sql` with a `-- migrate:up` and a `-- migrate:down` section. */
export interface Migration {
  /** Digits; their order is the order of application. */
  readonly version: string
  readonly name: string
  /** Of the whole text, so that a file which was applied is never edited. */
  readonly checksum: string
  readonly up: Section
  readonly down: Section
}

export interface Section {
  readonly statements: ReadonlyArray<string>
  /** `transaction:false` behind the marker: for what Postgres refuses inside one. */
  readonly transactional: boolean
}

const fileName = /^(\d+)_([A-Za-z0-9_-]+)\.sql$/
const marker = /^-- migrate:(up|down)([^\n]*)$/gm

/** Reads dbmate's format. */
export const parse = (file: string, text: string, store: StoreName): Migration => {
  const [, version, name] = fileName.exec(file) ?? []
  if (version === undefined || name === undefined)
    throw bad(file, "the name is not <digits>_<name>.sql")
  const marks = [...text.matchAll(marker)]
  if (marks.map((mark) => mark[1]).join() !== "up,down")
    throw bad(file, "needs one `-- migrate:up` and then one `-- migrate:down`")
  const section = (index: number): Section => {
    const mark = marks[index]
    const from = (mark?.index ?? 0) + (mark?.[0].length ?? 0)
    const statements = split(text.slice(from, marks[index + 1]?.index), store)
    const transactional = !/\btransaction:\s*false\b/.test(mark?.[2] ?? "")
    // Without a transaction, a failure between two statements would leave half a migration.
    if (!transactional && store === "postgres" && statements.length > 1)
      throw bad(file, "transaction:false allows one statement a file")
    return { statements, transactional }
  }
  if (section(0).statements.length === 0) throw bad(file, "nothing to do in migrate:up")
  return {
    version,
    name,
    checksum: createHash("sha256").update(text).digest("hex"),
    up: section(0),
    down: section(1)
  }
}

/** All migrations of a folder, oldest first. A folder that is missing has none. */
export const readFolder = Effect.fn("Migration.readFolder")(function* (
  folder: string,
  store: StoreName
) {
  const migrations = yield* Effect.tryPromise({
    try: async () => {
      const files = (await readdir(folder)).filter((file) => file.endsWith(".sql"))
      return Promise.all(
        files.map(async (file) =>
          parse(file, await readFile(join(folder, file), "utf8"), store)
        )
      )
    },
    catch: (cause) =>
      cause instanceof BadMigration
        ? cause
        : bad(folder, cause instanceof Error ? cause.message : String(cause))
  })
  const ordered = migrations.toSorted((a, b) => compareVersions(a.version, b.version))
  for (const [index, migration] of ordered.entries()) {
    if (migration.version === ordered[index - 1]?.version)
      return yield* bad(folder, `version ${migration.version} is there twice`)
  }
  return ordered
})

export const compareVersions = (a: string, b: string): number =>
  a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

function bad(file: string, reason: string): BadMigration {
  return new BadMigration({ file, reason })
}
