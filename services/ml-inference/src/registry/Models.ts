import { Context, Effect, Layer, Option } from "effect"
import type { Actor, AuditEntry, Model, ModelChange, NewModel } from "./Model.ts"
import { MAX_MODELS, ModelRepo } from "./ModelRepo.ts"
import {
  ModelConflict,
  ModelNotFound,
  type ModelsUnavailable
} from "./RegistryProblems.ts"

export interface PageOf<Cursor> {
  readonly after: Cursor | undefined
  readonly limit: number
}

/** The models of a project, and what was done to them. */
export class Models extends Context.Service<
  Models,
  {
    create(
      actor: Actor,
      model: NewModel
    ): Effect.Effect<Model, ModelConflict | ModelsUnavailable>
    get(
      projectId: number,
      name: string
    ): Effect.Effect<Model, ModelNotFound | ModelsUnavailable>
    list(
      projectId: number,
      page: PageOf<string>
    ): Effect.Effect<
      { readonly models: ReadonlyArray<Model>; readonly nextCursor: string | null },
      ModelsUnavailable
    >
    change(
      actor: Actor,
      name: string,
      change: ModelChange
    ): Effect.Effect<Model, ModelNotFound | ModelsUnavailable>
    remove(
      actor: Actor,
      name: string
    ): Effect.Effect<void, ModelNotFound | ModelsUnavailable>
    /** Also of a model that is gone. */
    audit(
      projectId: number,
      name: string,
      page: PageOf<number>
    ): Effect.Effect<
      {
        readonly entries: ReadonlyArray<AuditEntry>
        readonly nextCursor: string | null
      },
      ModelNotFound | ModelsUnavailable
    >
  }
>()("@analytics/ml-inference/registry/Models") {
  static readonly layer = Layer.effect(
    Models,
    Effect.gen(function* () {
      const repo = yield* ModelRepo
      const orNotFound =
        (model: string) =>
        <A>(found: Option.Option<A>): Effect.Effect<A, ModelNotFound> =>
          Option.isSome(found)
            ? Effect.succeed(found.value)
            : Effect.fail(new ModelNotFound({ model }))

      return Models.of({
        create: Effect.fn("Models.create")(function* (actor, model) {
          const made = yield* repo.insert(actor, model)
          if (Option.isSome(made)) return made.value
          const there = yield* repo.byName(actor.projectId, model.name)
          return yield* new ModelConflict({
            detail: Option.isSome(there)
              ? `There is a model "${model.name}" already.`
              : `A project has at most ${MAX_MODELS} models: remove one first.`
          })
        }),
        get: Effect.fn("Models.get")((projectId, name) =>
          Effect.flatMap(repo.byName(projectId, name), orNotFound(name))
        ),
        list: Effect.fn("Models.list")(function* (projectId, { after, limit }) {
          const models = yield* repo.page(projectId, after, limit)
          const last = models.length === limit ? models.at(-1) : undefined
          return { models, nextCursor: last?.name ?? null }
        }),
        change: Effect.fn("Models.change")((actor, name, change) =>
          Effect.flatMap(repo.update(actor, name, change), orNotFound(name))
        ),
        remove: Effect.fn("Models.remove")(function* (actor, name) {
          if (!(yield* repo.remove(actor, name)))
            return yield* new ModelNotFound({ model: name })
        }),
        audit: Effect.fn("Models.audit")(function* (projectId, name, { after, limit }) {
          const entries = yield* repo.audit(projectId, name, after, limit)
          if (entries.length === 0 && after === undefined)
            return yield* new ModelNotFound({ model: name })
          const last = entries.length === limit ? entries.at(-1) : undefined
          return { entries, nextCursor: last === undefined ? null : String(last.id) }
        })
      })
    })
  )
}
