import { Effect, Schema } from "effect"
import { Auth } from "../access/Auth.ts"
import { Projects } from "../projects/Projects.ts"

/** Which project another service of the installation asks about. */
export const TargetProject = Schema.Struct({
  projectId: Schema.FiniteFromString.check(
    Schema.isInt(),
    Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
  )
})

/** The project of a key that may read what a team saved. */
export const reading = Effect.fnUntraced(function* (authorization: string | undefined) {
  const auth = yield* Auth
  const access = yield* auth.project(authorization, "reports", "query")
  const { keyId, projectId, timezone } = access
  return { projectId, timezone, keyId }
})

/** The project of a key that may change it. */
export const keeping = Effect.fnUntraced(function* (authorization: string | undefined) {
  const access = yield* (yield* Auth).project(authorization, "reports")
  const { keyId, projectId, timezone } = access
  return { projectId, timezone, keyId }
})

/** The project that another service of the installation names. */
export const serving = Effect.fnUntraced(function* (
  authorization: string | undefined,
  projectId: number
) {
  yield* (yield* Auth).service(authorization)
  const { timezone } = yield* (yield* Projects).get({ _tag: "Admin" }, projectId)
  return { projectId, timezone }
})
