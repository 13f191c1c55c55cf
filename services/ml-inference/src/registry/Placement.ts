import { MlConfig } from "@analytics/config/MlConfig"
import { Context, Effect, Layer, Option, Semaphore } from "effect"
import { Serving } from "../serving/Serving.ts"
import { DesiredModels } from "./DesiredModels.ts"
import type { Actor, AliasName, Model } from "./Model.ts"
import { Models } from "./Models.ts"
import {
  type AliasChanged,
  type Expected,
  type Placed,
  PlacementRepo,
  type VersionOf
} from "./PlacementRepo.ts"
import {
  AliasMoved,
  ModelConflict,
  type ModelNotFound,
  ModelsUnavailable,
  VersionNotFound,
  VersionNotReady
} from "./RegistryProblems.ts"

type Refused =
  | AliasMoved
  | ModelConflict
  | ModelNotFound
  | ModelsUnavailable
  | VersionNotFound
  | VersionNotReady

/** Which versions are ready, and which answer. Nothing gets a name before it is ready here. */
export class Placement extends Context.Service<
  Placement,
  {
    /** Compare and set: `expected` is what the alias must name now. */
    setAlias(
      actor: Actor,
      target: VersionOf,
      alias: AliasName,
      expected: Expected
    ): Effect.Effect<Model, Refused>
    removeAlias(
      actor: Actor,
      model: string,
      alias: AliasName,
      expected: Expected
    ): Effect.Effect<Model, Refused>
    /** The champion is what it was before, by the audit. */
    rollback(actor: Actor, model: string): Effect.Effect<Model, Refused>
    /** Ready from now on even without an alias; the newest version when none is named. */
    load(
      actor: Actor,
      model: string,
      version: number | undefined
    ): Effect.Effect<number, Refused>
    /** No longer that. What an alias names goes on answering. All that are loaded when none is named. */
    unload(
      actor: Actor,
      model: string,
      version: number | undefined
    ): Effect.Effect<void, Refused>
  }
>()("@analytics/ml-inference/registry/Placement") {
  static readonly layer = Layer.effect(
    Placement,
    Effect.gen(function* () {
      const { maxLoaded } = yield* MlConfig
      const repo = yield* PlacementRepo
      const models = yield* Models
      const desired = yield* DesiredModels
      const serving = yield* Serving

      const follow = desired.refresh.pipe(
        Effect.catchTag("RegistryUnavailable", ({ detail }) =>
          Effect.fail(new ModelsUnavailable({ detail }))
        )
      )
      const placed = Effect.fnUntraced(function* (target: VersionOf, it: Placed) {
        if (it === "unknown") return yield* new VersionNotFound({ ...target })
        if (it === "full")
          return yield* new ModelConflict({
            detail: `As many versions are ready as may be, ${maxLoaded} (ML_MAX_LOADED): take an alias away or unload one first.`
          })
      })
      const changed = Effect.fnUntraced(function* (
        target: VersionOf | undefined,
        alias: AliasName,
        it: AliasChanged
      ) {
        if (it._tag === "Changed") return
        if (it._tag === "NoVersion")
          return yield* target === undefined
            ? new ModelConflict({ detail: `There is no ${alias} to take away.` })
            : new VersionNotFound({ ...target })
        return yield* new AliasMoved({
          detail:
            it.version === null
              ? `There is no ${alias} now.`
              : `The ${alias} is version ${it.version} now.`,
          version: it.version
        })
      })
      const ready = ({ projectId }: Actor, { model, version }: VersionOf) =>
        serving.awaitReady(projectId, model, version).pipe(
          Effect.catchTags({
            ModelUnknown: ({ detail }) => Effect.fail(new VersionNotReady({ detail })),
            ModelNotReady: ({ detail }) => Effect.fail(new VersionNotReady({ detail }))
          })
        )

      /** How many changes of this process want which version to be warm. */
      const warming = new Map<string, number>()
      const turn = yield* Semaphore.make(1)
      const wanted = ({ projectId }: Actor, target: VersionOf, more: 1 | -1) => {
        const key = `${projectId}/${target.model}/${target.version}`
        const count = (warming.get(key) ?? 0) + more
        if (count > 0) warming.set(key, count)
        else warming.delete(key)
        return count
      }
      const warm = Effect.fnUntraced(function* (actor: Actor, target: VersionOf) {
        yield* placed(target, yield* repo.warm(actor.projectId, target, maxLoaded))
        wanted(actor, target, 1)
      }, turn.withPermits(1))
      /** What somebody else waits for stays; what cannot be taken back now ends by itself. */
      const cool = (actor: Actor, target: VersionOf) =>
        Effect.suspend(() =>
          wanted(actor, target, -1) > 0
            ? Effect.void
            : Effect.ignore(repo.cool(actor.projectId, target))
        ).pipe(turn.withPermits(1))

      /** Does it while the version is ready, alias or not. */
      const whileReady = <A, E>(
        actor: Actor,
        target: VersionOf,
        change: Effect.Effect<A, E>
      ) =>
        Effect.acquireUseRelease(
          warm(actor, target),
          () =>
            follow.pipe(Effect.andThen(ready(actor, target)), Effect.andThen(change)),
          () => cool(actor, target)
        )

      const set = Effect.fnUntraced(function* (
        actor: Actor,
        target: VersionOf,
        alias: AliasName,
        expected: Expected,
        action: "alias.set" | "alias.rolled_back"
      ) {
        const { aliases } = yield* models.get(actor.projectId, target.model)
        const now = aliases[alias] ?? null
        // Told at once; whether it is still so is asked again when it is set.
        if (expected !== undefined && expected !== now)
          yield* changed(target, alias, { _tag: "Moved", version: now })
        yield* whileReady(
          actor,
          target,
          Effect.flatMap(repo.setAlias(actor, target, alias, expected, action), (it) =>
            changed(target, alias, it)
          )
        )
        yield* follow
        return yield* models.get(actor.projectId, target.model)
      })

      return Placement.of({
        setAlias: Effect.fn("Placement.setAlias")((actor, target, alias, expected) =>
          set(actor, target, alias, expected, "alias.set")
        ),
        removeAlias: Effect.fn("Placement.removeAlias")(
          function* (actor, model, alias, expected) {
            yield* models.get(actor.projectId, model)
            const it = yield* repo.removeAlias(actor, model, alias, expected)
            yield* changed(undefined, alias, it)
            yield* follow
            return yield* models.get(actor.projectId, model)
          }
        ),
        rollback: Effect.fn("Placement.rollback")(function* (actor, model) {
          const { aliases } = yield* models.get(actor.projectId, model)
          const { champion } = aliases
          if (champion === undefined)
            return yield* new ModelConflict({ detail: "There is no champion." })
          const before = yield* repo.before(actor.projectId, model)
          if (Option.isNone(before))
            return yield* new ModelConflict({
              detail: `There was no other champion before version ${champion}, or it is gone.`
            })
          const target = { model, version: before.value }
          return yield* set(actor, target, "champion", champion, "alias.rolled_back")
        }),
        load: Effect.fn("Placement.load")(function* (actor, model, named) {
          const { latestVersion } = yield* models.get(actor.projectId, model)
          const version = named ?? latestVersion
          if (version === null)
            return yield* new ModelConflict({ detail: "The model has no version." })
          const target = { model, version }
          yield* whileReady(
            actor,
            target,
            Effect.flatMap(repo.setLoaded(actor, target, true, maxLoaded), (it) =>
              placed(target, it)
            )
          )
          yield* follow
          return version
        }),
        unload: Effect.fn("Placement.unload")(function* (actor, model, named) {
          yield* models.get(actor.projectId, model)
          const versions =
            named === undefined ? yield* repo.loaded(actor.projectId, model) : [named]
          for (const version of versions) {
            const target = { model, version }
            yield* placed(
              target,
              yield* repo.setLoaded(actor, target, false, maxLoaded)
            )
          }
          yield* follow
        })
      })
    })
  )
}
