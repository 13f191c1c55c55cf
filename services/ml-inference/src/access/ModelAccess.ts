import type { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth, type ProjectAccess } from "@analytics/api-common/access/Auth"
import type { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import type { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { Clock, Context, Duration, Effect, Layer } from "effect"

/** `predict`: to infer and read, which `models` may too; `models`: to change. */
export type ModelScope = "predict" | "models"

const scopesFor = {
  predict: ["predict", "models"],
  models: ["models"]
} as const

/** Who asks, and about which project; `until` as of `ProjectAccess`. */
export type ModelActor = Pick<ProjectAccess, "actor" | "projectId" | "until">

type Refused = Unauthorized | Forbidden | KeysUnavailable | ProjectMissing

/** How long a key that was good may still infer and read while nobody can say whose it is. */
const GRACE = Duration.toMillis("10 minutes")
/** How long nobody is asked again then. */
const PAUSE = Duration.toMillis("5 seconds")

/** Headers that are kept with whom they belong to; more, and it begins anew. */
const MOST_KNOWN = 10_000

/**
 * Whose models a request is about. Who asks again within a second costs no more than a
 * look-up in a map. While nobody can say whose a key is, one that was good goes on
 * inferring and reading for ten minutes, but changes nothing.
 */
export class ModelAccess extends Context.Service<
  ModelAccess,
  {
    /** `projectId`: as the request names it, for the keys of the installation. */
    of(
      authorization: string | undefined,
      scope: ModelScope,
      projectId: number | undefined
    ): Effect.Effect<ModelActor, Refused>
    /** The same at once, if it was asked less than a second ago and allowed. */
    known(
      authorization: string | undefined,
      scope: ModelScope,
      projectId: number | undefined
    ): ModelActor | undefined
  }
>()("@analytics/ml-inference/access/ModelAccess") {
  static readonly layer = Layer.effect(
    ModelAccess,
    Effect.gen(function* () {
      const auth = yield* Auth
      const clock = yield* Clock.Clock
      const answers = new Map<string, ProjectAccess & { readonly asked: number }>()
      const keyOf = (
        authorization: string,
        scope: ModelScope,
        projectId: number | undefined
      ) => `${scope} ${projectId ?? ""} ${authorization}`

      return ModelAccess.of({
        known: (authorization, scope, projectId) => {
          if (authorization === undefined) return undefined
          const access = answers.get(keyOf(authorization, scope, projectId))
          return access !== undefined && access.until > clock.currentTimeMillisUnsafe()
            ? access
            : undefined
        },
        of: Effect.fnUntraced(function* (authorization, scope, projectId) {
          const key = keyOf(authorization ?? "", scope, projectId)
          const last = answers.get(key)
          const access = yield* auth
            .ofProject(authorization, scopesFor[scope], projectId)
            .pipe(
              Effect.map((it) => ({
                ...it,
                asked: clock.currentTimeMillisUnsafe()
              })),
              Effect.tapError(({ status }) =>
                // What is no longer good must not come back.
                Effect.sync(() => status !== 503 && answers.delete(key))
              ),
              Effect.catchTag("KeysUnavailable", (error) => {
                const now = clock.currentTimeMillisUnsafe()
                if (scope !== "predict" || last === undefined) return Effect.fail(error)
                const end = Math.min(last.asked + GRACE, last.ends)
                return now < end
                  ? Effect.succeed({ ...last, until: Math.min(now + PAUSE, end) })
                  : Effect.fail(error)
              })
            )
          if (answers.size >= MOST_KNOWN) answers.clear()
          answers.set(key, access)
          return access
        })
      })
    })
  )
}
