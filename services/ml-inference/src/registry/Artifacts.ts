import { rm } from "node:fs/promises"
import { MlConfig } from "@analytics/config/MlConfig"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Context, Effect, Layer, Option, Semaphore, Stream } from "effect"
import { ArtifactCache, written } from "./ArtifactCache.ts"
import { ArtifactRepo, MAX_UNUSED } from "./ArtifactRepo.ts"
import type { Actor } from "./Model.ts"
import {
  ArtifactTooLarge,
  ArtifactUnreadable,
  ModelsUnavailable,
  RegistryBusy
} from "./RegistryProblems.ts"
import { artifactKey } from "./storedGolden.ts"

/** Taken in at the same time by one process. */
const AT_ONCE = 8
const LONGEST_UPLOAD = "1 hour"

export interface Artifact {
  /** hex */
  readonly sha256: string
  readonly bytes: number
}

type Refused = ArtifactTooLarge | ArtifactUnreadable | RegistryBusy | ModelsUnavailable

/** Files of models, named by what is in them. The same bytes are kept once. */
export class Artifacts extends Context.Service<
  Artifacts,
  {
    receive(
      actor: Actor,
      body: Stream.Stream<Uint8Array, ArtifactUnreadable>
    ): Effect.Effect<Artifact, Refused>
  }
>()("@analytics/ml-inference/registry/Artifacts") {
  static readonly layer = Layer.effect(
    Artifacts,
    Effect.gen(function* () {
      const { maxModelSize } = yield* MlConfig
      const store = yield* ObjectStore
      const cache = yield* ArtifactCache
      const repo = yield* ArtifactRepo
      const permits = yield* Semaphore.make(AT_ONCE)

      const upTo = (body: Stream.Stream<Uint8Array, ArtifactUnreadable>) => {
        let bytes = 0
        return body.pipe(
          Stream.tap((chunk) => {
            bytes += chunk.byteLength
            return bytes > maxModelSize
              ? Effect.fail(
                  new ArtifactTooLarge({
                    detail: `A model may have ${maxModelSize} bytes (ML_MAX_MODEL_SIZE).`
                  })
                )
              : Effect.void
          })
        )
      }

      /** Its name is known when all of it is there, so it waits on this machine. */
      const receive = Effect.fn("Artifacts.receive")(
        function* (actor: Actor, body: Stream.Stream<Uint8Array, ArtifactUnreadable>) {
          const path = yield* Effect.acquireRelease(cache.draft, (it) =>
            Effect.promise(() => rm(it, { force: true }))
          )
          const artifact = yield* written(path, upTo(body)).pipe(
            Effect.timeoutOrElse({
              duration: LONGEST_UPLOAD,
              orElse: () =>
                Effect.fail(
                  new ArtifactUnreadable({ detail: "It took longer than an hour." })
                )
            })
          )
          if (artifact.bytes === 0)
            return yield* new ArtifactUnreadable({
              detail: "The body is empty: send the file."
            })
          if (!(yield* repo.claim(actor, artifact.sha256, artifact.bytes)))
            return yield* new RegistryBusy({
              detail: `A project keeps at most ${MAX_UNUSED} files that no version names; they go away after a day.`
            })
          yield* stored(artifact, path)
          yield* cache.adopt(artifact.sha256, path)
          return artifact
        },
        Effect.scoped,
        Effect.catchTag("RegistryUnavailable", ({ detail }) =>
          Effect.fail(new ModelsUnavailable({ detail }))
        )
      )

      const stored = Effect.fnUntraced(
        function* ({ bytes, sha256 }: Artifact, path: string) {
          const key = artifactKey(sha256)
          const there = yield* store.head(key)
          if (Option.isSome(there) && there.value.bytes === bytes) return
          yield* store.put(key, fileOf(path))
        },
        Effect.catchTags({
          ObjectTooLarge: Effect.die,
          ObjectStoreUnavailable: (error) =>
            Effect.logError("a model was not stored", error).pipe(
              Effect.andThen(
                Effect.fail(
                  new ModelsUnavailable({ detail: "The store of objects is away." })
                )
              )
            )
        })
      )

      return Artifacts.of({
        receive: (actor, body) =>
          receive(actor, body).pipe(
            permits.withPermitsIfAvailable(1),
            Effect.flatMap((taken) =>
              Option.isSome(taken)
                ? Effect.succeed(taken.value)
                : Effect.fail(
                    new RegistryBusy({ detail: "Too many come in now; try again." })
                  )
            )
          )
      })
    })
  )
}

const fileOf = (path: string): Stream.Stream<Uint8Array> =>
  Stream.orDie(
    Stream.fromReadableStream({
      evaluate: () => Bun.file(path).stream(),
      onError: (error) => error
    })
  )
