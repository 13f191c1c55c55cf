import { describe, expect, it } from "bun:test"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import previous from "../../../migrations/previous-release.json"
import { readFolder } from "../src/Migration.ts"
import { breaks, madeBy } from "./additions.ts"

const folder = fileURLToPath(new URL("../../../migrations", import.meta.url))
const known: Readonly<Record<string, string>> = previous.migrations

/** Statements that are no plain additions, and why the release before can live with them. */
const looked: Readonly<Record<string, string>> = {
  "CREATE TRIGGER check_map_version":
    "It inserts without the column, so with the version 1 that the map has until shards are split, which comes after the roll-out."
}

const newer = async () => {
  const all = await Promise.all(
    (["postgres", "clickhouse"] as const).map(async (store) => {
      const migrations = await Effect.runPromise(
        readFolder(`${folder}/${store}`, store)
      )
      return migrations.map((it) => ({
        file: `${store}/${it.version}_${it.name}.sql`,
        ...it
      }))
    })
  )
  return all.flat().filter(({ file }) => known[file] === undefined)
}

describe(`migrations since ${previous.release}`, () => {
  it("leave those of the release as they were", () => {
    for (const [file, sha256] of Object.entries(known)) {
      const text = readFileSync(`${folder}/${file}`)
      expect([file, createHash("sha256").update(text).digest("hex")]).toEqual([
        file,
        sha256
      ])
    }
  })

  it("only add, because that release still runs when they are applied", async () => {
    const migrations = await newer()
    const statements = migrations.flatMap(({ file, up }) =>
      up.statements.map((sql) => ({ file, sql }))
    )
    const own = new Set(statements.flatMap(({ sql }) => madeBy(sql) ?? []))
    const found = statements.flatMap(({ file, sql }) => {
      if (Object.keys(looked).some((begin) => sql.includes(begin))) return []
      const why = breaks(sql, own)
      return why === undefined ? [] : [`${file}: ${why}`]
    })
    expect(found).toEqual([])
  })

  it("can be taken back", async () => {
    for (const { down, file } of await newer())
      expect([file, down.statements.length > 0]).toEqual([file, true])
  })
})

describe("what the release before cannot live with", () => {
  const own = new Set(["jobs.fresh"])
  const refused = [
    "DROP TABLE ingest.inbox",
    "ALTER TABLE ingest.inbox DROP COLUMN bytes",
    "ALTER TABLE ingest.inbox RENAME COLUMN bytes TO size",
    "ALTER TABLE ingest.inbox RENAME TO rows",
    "ALTER TABLE jobs.jobs ALTER COLUMN state TYPE integer",
    "ALTER TABLE jobs.jobs ALTER COLUMN step SET NOT NULL",
    "ALTER TABLE jobs.jobs ADD COLUMN a text, ADD COLUMN b text NOT NULL",
    "ALTER TABLE jobs.jobs ADD CONSTRAINT c CHECK (spent_ms > 0)",
    "ALTER TABLE jobs.jobs ADD COLUMN a numeric(10, 2) CHECK (a > 0)",
    "CREATE UNIQUE INDEX one ON jobs.jobs (type)",
    "CREATE TRIGGER t BEFORE INSERT ON jobs.jobs EXECUTE FUNCTION f()",
    "DELETE FROM jobs.jobs",
    "ALTER TABLE events MODIFY COLUMN event String"
  ]
  for (const sql of refused) it(sql, () => expect(breaks(sql, own)).toBeString())

  const taken = [
    "CREATE TABLE jobs.fresh (id integer)",
    "INSERT INTO jobs.fresh VALUES (1)",
    "CREATE UNIQUE INDEX one ON jobs.fresh (id)",
    "ALTER TABLE jobs.jobs ADD COLUMN a text, ADD COLUMN b integer NOT NULL DEFAULT 1",
    "CREATE INDEX some ON jobs.jobs (type)",
    "ALTER TABLE events ADD COLUMN IF NOT EXISTS other String"
  ]
  for (const sql of taken) it(sql, () => expect(breaks(sql, own)).toBeUndefined())
})
