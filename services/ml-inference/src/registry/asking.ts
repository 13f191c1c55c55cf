import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { sent } from "@analytics/api-common/WireSchema"
import { Effect, Schema, SchemaTransformation } from "effect"
import { ModelAccess, type ModelScope } from "../access/ModelAccess.ts"
import { ModelsUnavailable } from "./RegistryProblems.ts"

const whole = (minimum: number, maximum: number) =>
  Schema.String.check(Schema.isPattern(/^\d{1,16}$/u)).pipe(
    Schema.decodeTo(
      Schema.Int.check(Schema.isBetween({ minimum, maximum })),
      SchemaTransformation.transform({ decode: Number, encode: String })
    )
  )

/** A version in a path. */
export const VersionInPath = whole(1, 2_147_483_647)
/** A number in a cursor. */
export const NumberInCursor = whole(1, Number.MAX_SAFE_INTEGER)

const projectId = Schema.optionalKey(whole(1, 4_294_967_295)).annotate({
  description: "With a key of the installation; a secret key is of one project."
})

/** Whose models a request is about. */
export const Owner = Schema.Struct({ projectId })

export const pageOf = <C extends Schema.Constraint>(cursor: C) =>
  Schema.Struct({
    projectId,
    cursor: Schema.optionalKey(cursor).annotate({
      description: "nextCursor of the page before"
    }),
    limit: Schema.optionalKey(whole(1, 1000))
  })

/** Who asks, and about which project. */
export const asking = (
  authorization: string | undefined,
  scope: ModelScope,
  query: { readonly projectId?: number }
) =>
  Effect.flatMap(ModelAccess, (access) =>
    access.of(authorization, scope, query.projectId)
  )

/** What every route may answer instead. */
export const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  422: sent(ProjectMissing),
  503: sent(Schema.Union([ModelsUnavailable, KeysUnavailable]))
}
export const security = [{ key: [] }]
