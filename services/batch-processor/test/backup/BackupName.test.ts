import { expect, it } from "bun:test"
import { Schema } from "effect"
import { BackupName } from "../../src/types/backup/backup.ts"

const isName = Schema.is(BackupName)

it("names a folder that is not that of the removals", () => {
  expect(["nightly", "removals-2", "0b6f9d1e"].filter(isName)).toHaveLength(3)
  expect(["removals", "", "../x", "a/b", "-a", "A"].filter(isName)).toEqual([])
})
