import { Effect, Schema } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { ModelsClient } from "./ModelsClient.ts"

/** Of the end of a job, which waits for nothing longer. */
const LONGEST_UNLOAD = "10 seconds"

interface Version {
  readonly projectId: number
  readonly model: string
  readonly version: number
}

/**
 * What to do when a version is asked that is not loaded: as one without an alias, or one that
 * was champion until a moment ago. It is loaded for as long as the scope lasts. What an
 * attempt left loaded that was killed is unloaded by the next one.
 */
export const served = Effect.fnUntraced(function* ({
  model,
  projectId,
  version
}: Version) {
  const client = yield* ModelsClient
  const kept = (yield* JobRun).checkpoint(`loaded version ${version}`, Schema.Boolean)
  const isLoaded = Effect.map(
    kept.read,
    (known) => known._tag === "Some" && known.value
  )
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      if (!(yield* isLoaded)) return
      yield* client.unload(projectId, model, version)
      yield* kept.save(false)
    }).pipe(Effect.interruptible, Effect.timeout(LONGEST_UNLOAD), Effect.ignore)
  )
  return Effect.gen(function* () {
    // Kept before it is done; a checkpoint more would count as getting further.
    if (!(yield* isLoaded)) yield* kept.save(true)
    yield* client.load(projectId, model, version)
  })
})
