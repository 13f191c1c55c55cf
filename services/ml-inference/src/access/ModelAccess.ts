import type { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth, type ProjectAccess } from "@analytics/api-common/access/Auth"
import type { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import type { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { Clock, Context, Effect, Layer } from "effect"

/** `predict`: to infer and read, which `models` may too; `models`: to change. */
export type ModelScope = "predict" | "models"

const scopesFor = {
  predict: ["predict", "models"],
  models: ["models"]
} as const

type Refused = Unauthorized | Forbidden | KeysUnavailable | ProjectMissing

/** Headers that are kept with whom they belong to; more, and it begins anew. */
const MOST_KNOWN = 10_000

/**
 * Whose models a request is about. Who asks again within a second costs no more than a
 * look-up in a map.
 */
export class ModelAccess extends Context.Service<
  ModelAccess,
  {
    /** `projectId`: as the request names it, for the keys of the installation. */
    of(
      authorization: string | undefined,
      scope: ModelScope,
      projectId: number | undefined
    ): Effect.Effect<ProjectAccess, Refused>
    /** The same at once, if it was asked less than a second ago and allowed. */
    known(
      authorization: string | undefined,
      scope: ModelScope,
      projectId: number | undefined
    ): ProjectAccess | undefined
  }
>()("@analytics/ml-inference/access/ModelAccess") {
  static readonly layer = Layer.effect(
    ModelAccess,
    Effect.gen(function* () {
      const auth = yield* Auth
      const clock = yield* Clock.Clock
      const answers = new Map<string, ProjectAccess>()
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
          const access = yield* auth.ofProject(
            authorization,
            scopesFor[scope],
            projectId
          )
          if (answers.size >= MOST_KNOWN) answers.clear()
          answers.set(keyOf(authorization ?? "", scope, projectId), access)
          return access
        })
      })
    })
  )
}
