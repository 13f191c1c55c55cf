import { unstorableIn } from "@analytics/database/unstorable"
import type { Tensor } from "@analytics/inference-protocol/Tensor"
import { decodeTensor } from "@analytics/inference-protocol/wireTensor"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Context, Effect, Layer, Option, Result, Stream } from "effect"
import { Admission } from "./Admission.ts"
import { ArtifactCache } from "./ArtifactCache.ts"
import { ArtifactRepo } from "./ArtifactRepo.ts"
import type { Golden } from "./DesiredModels.ts"
import type { Actor } from "./Model.ts"
import { Models, type PageOf } from "./Models.ts"
import {
  ModelConflict,
  ModelInadmissible,
  type ModelNotFound,
  ModelsUnavailable,
  type RegistryBusy,
  VersionNotFound
} from "./RegistryProblems.ts"
import { encodeGolden, goldenKey } from "./storedGolden.ts"
import type { NewVersion, Version, VersionSummary } from "./Version.ts"
import { VersionRepo } from "./VersionRepo.ts"

/** Largest difference of golden rows from what the model answers, unless they say. */
const DEFAULT_TOLERANCE = 1e-5
/** Bytes of JSON. */
const LARGEST = { lineage: 65_536, metrics: 65_536, reference: 4 * 1024 * 1024 }
const LARGEST_MEASUREMENT = 16_384
/** Bytes of all tensors; every process keeps those of each version that is to be ready. */
const LARGEST_GOLDEN = 16 * 1024 * 1024

type Page = {
  readonly versions: ReadonlyArray<VersionSummary>
  readonly nextCursor: string | null
}

/** Versions of models: admitted once, and never changed. */
export class Versions extends Context.Service<
  Versions,
  {
    /** Makes the model when there is none. What is refused leaves nothing behind. */
    create(
      actor: Actor,
      model: string,
      version: NewVersion
    ): Effect.Effect<
      Version,
      ModelInadmissible | RegistryBusy | ModelConflict | ModelsUnavailable
    >
    get(
      projectId: number,
      model: string,
      version: number
    ): Effect.Effect<Version, VersionNotFound | ModelsUnavailable>
    list(
      projectId: number,
      model: string,
      page: PageOf<number>
    ): Effect.Effect<Page, ModelNotFound | ModelsUnavailable>
    /** Adds what was measured of it since. */
    measured(
      actor: Actor,
      model: string,
      version: number,
      measurement: object
    ): Effect.Effect<Version, VersionNotFound | ModelInadmissible | ModelsUnavailable>
    /** Not one that answers; its number is not given again. */
    remove(
      actor: Actor,
      model: string,
      version: number
    ): Effect.Effect<void, VersionNotFound | ModelConflict | ModelsUnavailable>
  }
>()("@analytics/ml-inference/registry/Versions") {
  static readonly layer = Layer.effect(
    Versions,
    Effect.gen(function* () {
      const repo = yield* VersionRepo
      const models = yield* Models
      const artifacts = yield* ArtifactRepo
      const cache = yield* ArtifactCache
      const admission = yield* Admission
      const store = yield* ObjectStore

      const get = Effect.fnUntraced(function* (
        projectId: number,
        model: string,
        version: number
      ) {
        const found = yield* repo.byNumber(projectId, model, version)
        return yield* Effect.mapError(
          Effect.fromOption(found),
          () => new VersionNotFound({ model, version })
        )
      })

      const keepGolden = (id: string, golden: Golden) =>
        encodeGolden(golden).pipe(
          Effect.flatMap((bytes) => store.put(goldenKey(id), Stream.succeed(bytes))),
          Effect.catchTags({
            ObjectTooLarge: Effect.die,
            ObjectStoreUnavailable: (error) =>
              Effect.logError("golden rows were not stored", error).pipe(
                Effect.andThen(
                  Effect.fail(
                    new ModelsUnavailable({ detail: "The store of objects is away." })
                  )
                )
              )
          })
        )

      const ensured = (actor: Actor, name: string) =>
        models.get(actor.projectId, name).pipe(
          Effect.catchTag("ModelNotFound", () =>
            models.create(actor, { name }).pipe(
              // Somebody else made it, or there are too many.
              Effect.catchTag("ModelConflict", (conflict) =>
                models
                  .get(actor.projectId, name)
                  .pipe(Effect.catchTag("ModelNotFound", () => Effect.fail(conflict)))
              )
            )
          )
        )

      return Versions.of({
        create: Effect.fn("Versions.create")(function* (actor, model, asked) {
          yield* storable(asked)
          const golden = yield* goldenIn(asked)
          if (!(yield* artifacts.renew(actor.projectId, asked.artifact)))
            return yield* ModelInadmissible.at(
              "/artifact",
              "The project has no such file: send it with PUT /v1/artifacts first."
            )
          const path = yield* cache
            .file(asked.artifact)
            .pipe(Effect.mapError(({ detail }) => new ModelsUnavailable({ detail })))
          const admitted = yield* admission.admit(path, asked, golden)
          const id = crypto.randomUUID()
          if (golden !== undefined) yield* keepGolden(id, golden)
          yield* ensured(actor, model)
          const made = yield* repo.insert(actor, model, {
            id,
            sha256: asked.artifact,
            bytes: admitted.inspection.bytes,
            ...admitted,
            golden: golden === undefined ? null : goldenKey(id),
            tolerance: golden?.tolerance ?? 0,
            lineage: asked.lineage ?? {},
            metrics: asked.metrics ?? {},
            reference: asked.reference ?? {}
          })
          if (Option.isSome(made)) return made.value
          return yield* new ModelConflict({
            detail:
              "The model was removed meanwhile, or the job in `lineage.job` has made a version of it already."
          })
        }),
        get: Effect.fn("Versions.get")(get),
        list: Effect.fn("Versions.list")(function* (
          projectId,
          model,
          { after, limit }
        ) {
          yield* models.get(projectId, model)
          const versions = yield* repo.page(projectId, model, after, limit)
          const last = versions.length === limit ? versions.at(-1) : undefined
          return { versions, nextCursor: last ? String(last.version) : null }
        }),
        measured: Effect.fn("Versions.measured")(
          function* (actor, model, version, measurement) {
            yield* storableAt("", measurement, LARGEST_MEASUREMENT)
            yield* repo.measured(actor, model, version, measurement)
            return yield* get(actor.projectId, model, version)
          }
        ),
        remove: Effect.fn("Versions.remove")(function* (actor, model, version) {
          const became = yield* repo.remove(actor, model, version)
          if (became === "missing")
            return yield* new VersionNotFound({ model, version })
          if (became === "in use")
            return yield* new ModelConflict({
              detail: `Version ${version} is to be ready: give its aliases to another version, or unload it, first.`
            })
        })
      })
    })
  )
}

const storableAt = Effect.fnUntraced(function* (
  pointer: string,
  value: unknown,
  most: number
) {
  const unstorable = unstorableIn(value)
  if (unstorable !== undefined)
    return yield* ModelInadmissible.at(
      `${pointer}${unstorable}`,
      "A NUL or half of a surrogate pair cannot be stored; leave it out."
    )
  if (JSON.stringify(value).length > most)
    return yield* ModelInadmissible.at(
      pointer,
      `It may have ${most} characters as JSON.`
    )
})

const storable = Effect.fnUntraced(function* (asked: NewVersion) {
  for (const name of ["lineage", "metrics", "reference"] as const)
    yield* storableAt(`/${name}`, asked[name] ?? {}, LARGEST[name])
})

const goldenIn = Effect.fnUntraced(function* ({
  golden
}: NewVersion): Effect.fn.Return<Golden | undefined, ModelInadmissible> {
  if (golden === undefined) return undefined
  const inputs = yield* tensorsIn(golden.inputs, "inputs")
  const outputs = yield* tensorsIn(golden.outputs, "outputs")
  const size = [...inputs, ...outputs].reduce((sum, { bytes }) => sum + bytes.length, 0)
  if (size > LARGEST_GOLDEN)
    return yield* ModelInadmissible.at(
      "/golden",
      `Its tensors may have ${LARGEST_GOLDEN} bytes; these have ${size}: send fewer rows.`
    )
  return {
    inputs,
    outputs,
    tolerance: golden.tolerance ?? DEFAULT_TOLERANCE
  }
})

const tensorsIn = Effect.fnUntraced(function* (
  values: ReadonlyArray<unknown>,
  side: "inputs" | "outputs"
) {
  const tensors: Array<Tensor> = []
  for (const [index, value] of values.entries()) {
    const pointer = `/golden/${side}/${index}`
    const tensor = decodeTensor(value, `golden.${side}[${index}]`)
    if (Result.isFailure(tensor))
      return yield* ModelInadmissible.at(pointer, tensor.failure.detail)
    if (tensors.some(({ name }) => name === tensor.success.name))
      return yield* ModelInadmissible.at(pointer, "This name was given already.")
    tensors.push(tensor.success)
  }
  return tensors
})
