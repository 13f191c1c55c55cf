import { DeletedProjects } from "@analytics/api-common/access/DeletedProjects"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Layer, Schedule, Stream } from "effect"
import { ArtifactRepo } from "./ArtifactRepo.ts"

/** An object that is younger may belong to something that is just being made. Milliseconds. */
const YOUNG = 24 * 3_600_000

/** `models/<sha256>.onnx` and `models/golden/<version id>.json`. */
const artifact = /^models\/([0-9a-f]{64})\.onnx$/u
const golden = /^models\/golden\/([0-9a-f-]{36})\.json$/u

/** Removes what deleted projects have left in the registry. */
export const removeDeleted = Effect.gen(function* () {
  const repo = yield* ArtifactRepo
  const ids = yield* (yield* DeletedProjects).ids
  if (ids.size > 0) yield* repo.removeProjects([...ids])
}).pipe(Effect.withSpan("Leftovers.removeDeleted"))

/**
 * Removes files that no version has named for a day, and objects that nobody knows:
 * of versions that are gone, or of attempts that ended half way. How many objects.
 */
export const removeUnused = Effect.fn("Leftovers.removeUnused")(function* (
  young = YOUNG
) {
  const store = yield* ObjectStore
  const repo = yield* ArtifactRepo
  // An empty registry beside files is one that is yet to be restored, or the wrong one.
  if (!(yield* repo.hasPast)) return 0
  yield* repo.release
  const end = Date.now() - young
  const old = yield* Stream.runCollect(
    store
      .list("models/")
      .pipe(Stream.filter(({ modifiedAt }) => modifiedAt.getTime() <= end))
  )
  let removed = 0
  for (const { key } of old) {
    const sha256 = artifact.exec(key)?.[1]
    if (sha256 !== undefined && (yield* repo.unlessClaimed(sha256, store.remove(key))))
      removed++
    const id = golden.exec(key)?.[1]
    if (id !== undefined && !(yield* repo.hasVersion(id))) {
      yield* store.remove(key)
      removed++
    }
  }
  return removed
})

/** Looks now and then, because what is being made may still write for what is gone. */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const every = <E, R>(
      what: Effect.Effect<unknown, E, R>,
      spaced: "10 minutes" | "1 hour"
    ) =>
      what.pipe(
        Effect.catchCause((cause) =>
          Effect.logWarning("leftovers of models were not removed", cause)
        ),
        Effect.repeat(Schedule.spaced(spaced)),
        Effect.forkScoped
      )
    yield* every(removeDeleted, "10 minutes")
    yield* every(removeUnused(), "1 hour")
  })
)
