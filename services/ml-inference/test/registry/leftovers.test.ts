import { afterAll, describe, expect } from "bun:test"
import { createHash } from "node:crypto"
import { rmSync } from "node:fs"
import { DeletedProjects } from "@analytics/api-common/access/DeletedProjects"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer, Option, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { ArtifactRepo, MAX_UNUSED } from "../../src/registry/ArtifactRepo.ts"
import { removeDeleted, removeUnused } from "../../src/registry/Leftovers.ts"
import { ModelRepo } from "../../src/registry/ModelRepo.ts"
import { artifactKey, goldenKey } from "../../src/registry/storedGolden.ts"
import { VersionRepo } from "../../src/registry/VersionRepo.ts"
import { admitted } from "./admitted.ts"
import { folders } from "./RegistryTest.ts"

const places = folders()
afterAll(() => rmSync(places.root, { recursive: true }))

/** Projects whose deletion is known. */
const deleted = new Set<number>()

const { effect } = withLayer(
  Layer.mergeAll(ArtifactRepo.layer, ModelRepo.layer, VersionRepo.layer).pipe(
    Layer.provideMerge(FolderObjectStore.layerOf(places.objects)),
    Layer.provideMerge(
      Layer.succeed(DeletedProjects, { ids: Effect.succeed(deleted) })
    ),
    Layer.provideMerge(TestPostgres.client)
  )
)

const of = (projectId: number) => ({ projectId, actor: "me" })
const shaOf = (text: string) => createHash("sha256").update(text).digest("hex")

/** A file of a project, sent so many hours ago. */
const sent = Effect.fnUntraced(function* (projectId: number, text: string, hours = 0) {
  const sql = yield* SqlClient.SqlClient
  const sha256 = shaOf(text)
  yield* (yield* ArtifactRepo).claim(of(projectId), sha256, text.length)
  yield* (yield* ObjectStore).put(
    artifactKey(sha256),
    Stream.succeed(new TextEncoder().encode(text))
  )
  yield* sql`
    UPDATE ml.artifacts
       SET uploaded_at = clock_timestamp() - ${hours}::float8 * interval '1 hour'
     WHERE project_id = ${String(projectId)}::text::bigint AND sha256 = ${sha256}`
  return sha256
})

const version = Effect.fnUntraced(function* (
  projectId: number,
  model: string,
  sha256: string
) {
  const id = crypto.randomUUID()
  yield* (yield* ModelRepo).insert(of(projectId), { name: model })
  const golden = goldenKey(id)
  yield* (yield* ObjectStore).put(golden, Stream.succeed(new Uint8Array(1)))
  yield* (yield* VersionRepo).insert(
    of(projectId),
    model,
    admitted({ id, sha256, golden })
  )
  return id
})

const stored = Effect.gen(function* () {
  const all = yield* Stream.runCollect((yield* ObjectStore).list("models/"))
  return new Set(all.map(({ key }) => key))
})

describe("what is left over", () => {
  effect("stays beside a registry in which nothing ever happened", () =>
    Effect.gen(function* () {
      const key = artifactKey(shaOf("of a registry that is to be restored"))
      const store = yield* ObjectStore
      yield* store.put(key, Stream.succeed(new Uint8Array(1)))
      expect(yield* removeUnused(0)).toBe(0)
      expect(yield* stored).toEqual(new Set([key]))
      yield* store.remove(key)
    })
  )

  effect("goes a day after nothing names it any more, and not before", () =>
    Effect.gen(function* () {
      const fresh = yield* sent(1, "fresh")
      const forgotten = yield* sent(1, "forgotten", 25)
      const named = yield* sent(1, "named", 25)
      const shared = yield* sent(1, "shared", 25)
      yield* sent(2, "shared", 1)
      const id = yield* version(1, "kept", named)
      const goneId = yield* version(1, "gone", named)
      yield* (yield* ModelRepo).remove(of(1), "gone")

      // What is young stays, whoever knows of it.
      expect(yield* removeUnused()).toBe(0)
      expect(yield* removeUnused(0)).toBe(2)
      const left = yield* stored
      expect(left).toEqual(
        new Set([...[fresh, named, shared].map(artifactKey), goldenKey(id)])
      )
      expect(left).not.toContain(artifactKey(forgotten))
      expect(left).not.toContain(goldenKey(goneId))
      const repo = yield* ArtifactRepo
      expect(yield* repo.renew(1, fresh)).toBe(true)
      expect(yield* repo.renew(1, forgotten)).toBe(false)
      expect(yield* repo.renew(1, shared)).toBe(false)
      expect(yield* repo.renew(2, shared)).toBe(true)
    })
  )

  effect("of a deleted project is all of it", () =>
    Effect.gen(function* () {
      const [repo, models] = [yield* ArtifactRepo, yield* ModelRepo]
      const shared = yield* sent(8, "of both")
      yield* sent(9, "of both")
      const alone = yield* sent(9, "of one")
      yield* version(8, "stays", shared)
      const id = yield* version(9, "goes", alone)
      deleted.add(9)
      yield* removeDeleted
      yield* removeUnused(0)
      expect(Option.isNone(yield* models.byName(9, "goes"))).toBe(true)
      expect(Option.isSome(yield* models.byName(8, "stays"))).toBe(true)
      expect(yield* repo.hasVersion(id)).toBe(false)
      const left = yield* stored
      expect(left).toContain(artifactKey(shared))
      expect(left).not.toContain(artifactKey(alone))
      expect(left).not.toContain(goldenKey(id))
    })
  )

  effect("is bounded: a project keeps so many files that no version names", () =>
    Effect.gen(function* () {
      const repo = yield* ArtifactRepo
      for (let n = 0; n < MAX_UNUSED; n++)
        expect(yield* repo.claim(of(5), shaOf(`${n}`), 1)).toBe(true)
      expect(yield* repo.claim(of(5), shaOf("more"), 1)).toBe(false)
      expect(yield* repo.claim(of(5), shaOf("1"), 1)).toBe(true)
      expect(yield* repo.claim(of(6), shaOf("more"), 1)).toBe(true)
    })
  )
})
