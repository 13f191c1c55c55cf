import { methodsOf } from "@analytics/api-common/MethodNotAllowed"
import { pathOf } from "@analytics/api-common/pathOf"
import { Effect, type ManagedRuntime } from "effect"
import type { AnyElysia } from "elysia"
import { errorResponse, unexpected } from "./failures.ts"

const isProtocol = (path: string): boolean => path === "/v2" || path.startsWith("/v2/")

/**
 * What fails under `/v2` beside its programs, in the form of the protocol: paths and methods
 * that it does not have, and defects of handlers. To be used before whatever else of the
 * application answers errors.
 */
export const protocolErrors =
  <R, ER>(runtime: ManagedRuntime.ManagedRuntime<R, ER>) =>
  <App extends AnyElysia>(app: App): App => {
    app.onError({ as: "global" }, ({ code, error, request }) => {
      const path = pathOf(request)
      if (!isProtocol(path)) return undefined
      if (code === "NOT_FOUND") return notFound(app, request.method, path)
      runtime.runFork(Effect.logError("request failed outside its program", error))
      return errorResponse(unexpected)
    })
    return app
  }

const notFound = (app: AnyElysia, method: string, path: string): Response => {
  const allowed = methodsOf(app, path)
  if (allowed.length === 0 || allowed.includes(method))
    return errorResponse({ status: 404, error: `There is nothing at ${path}` })
  const allow = allowed.join(", ")
  const response = errorResponse({ status: 405, error: `This path takes ${allow}` })
  response.headers.set("allow", allow)
  return response
}
