import { describe, expect } from "bun:test"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Stream } from "effect"
import { countReports, removeReports } from "../../src/types/removal/namedReports.ts"

const folder = mkdtempSync(join(tmpdir(), "analytics-named-"))
const { effect } = withLayer(FolderObjectStore.layerOf(folder))

const later = 9e15

/** A kept report with a table of such cells. */
const kept = Effect.fnUntraced(function* (
  projectId: number,
  run: string,
  cells: ReadonlyArray<string>
) {
  const store = yield* ObjectStore
  const at = `reports/${projectId}/${run}/`
  const text = JSON.stringify({ blocks: [{ table: { rows: [cells] } }] })
  yield* store.put(`${at}document.json`, Stream.make(new TextEncoder().encode(text)))
  yield* store.put(`${at}report.pdf`, Stream.make(new Uint8Array(3)))
})

const runs = Effect.flatMap(ObjectStore, (store) =>
  Stream.runCollect(store.list("reports/")).pipe(
    Effect.map((all) => [
      ...new Set([...all].map(({ key }) => key.split("/")[2] ?? ""))
    ])
  )
)

describe("reports that name a person", () => {
  effect("go with all their files, and no others", () =>
    Effect.gen(function* () {
      yield* kept(1, "names", ["ann@example.com", "12"])
      yield* kept(1, "within", ["of ann@example.com, twice"])
      yield* kept(1, "quoted", ['say "ann@example.com"'])
      yield* kept(1, "short", ["u1"])
      yield* kept(1, "chance", ["u12", "au1"])
      yield* kept(1, "odd", ['a"\\b\né'])
      yield* kept(1, "others", ["bob@example.com"])
      yield* kept(2, "theirs", ["ann@example.com"])
      const ids = ["ann@example.com", "u1", 'a"\\b\né']
      expect(yield* countReports(1, ids, later)).toBe(5)
      expect(yield* countReports(1, ids, 0)).toBe(0)
      yield* removeReports(1, ids, later)
      expect(yield* countReports(1, ids, later)).toBe(0)
      expect(yield* runs).toEqual(["chance", "others", "theirs"])
      yield* removeReports(1, ids, later)
      expect(yield* runs).toEqual(["chance", "others", "theirs"])
    })
  )
})
