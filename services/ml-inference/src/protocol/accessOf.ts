import { Malformed } from "@analytics/inference-protocol/Malformed"
import { Effect } from "effect"
import { ModelAccess, type ModelScope } from "../access/ModelAccess.ts"

/** Whose models a request means: `projectId` in its query, for keys of no project. */
const projectIn = (request: Request): number | undefined | Malformed => {
  const { url } = request
  // Nearly no request has a query, and reading one costs more than looking for it.
  if (!url.includes("?")) return undefined
  const text = new URL(url).searchParams.get("projectId")
  if (text === null) return undefined
  const id = /^[1-9]\d{0,9}$/u.test(text) ? Number(text) : 0
  return id >= 1 && id <= 4_294_967_295
    ? id
    : new Malformed({ detail: "projectId must be an integer from 1 to 4294967295" })
}

/** Who asks, and about which project. */
export const accessOf = Effect.fnUntraced(function* (
  request: Request,
  scope: ModelScope
) {
  const access = yield* ModelAccess
  const projectId = projectIn(request)
  if (projectId instanceof Malformed) return yield* projectId
  const authorization = request.headers.get("authorization") ?? undefined
  return (
    access.known(authorization, scope, projectId) ??
    (yield* access.of(authorization, scope, projectId))
  )
})
