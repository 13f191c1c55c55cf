import { type AnyElysia, status } from "elysia"
import * as Problem from "./Problem.ts"
import { pathOf } from "./pathOf.ts"

/**
 * Answers 405 with `Allow` where a path exists for other methods only. To be used before
 * whatever else of the application answers errors.
 */
export const methodNotAllowed = <App extends AnyElysia>(app: App): App => {
  app.onError({ as: "global" }, ({ code, request, set }) => {
    if (code !== "NOT_FOUND") return undefined
    const path = pathOf(request)
    const allowed = methodsOf(app, path)
    // The route itself found nothing, or there is none.
    if (allowed.length === 0 || allowed.includes(request.method)) return undefined
    const allow = allowed.join(", ")
    const problem = {
      ...Problem.blank(405, "Method Not Allowed", path),
      detail: `This path takes ${allow}.`
    }
    Object.assign(set.headers, Problem.headersOf(problem), { allow })
    return status(405, problem)
  })
  return app
}

/**
 * The methods that a path takes. Asked of the routers themselves, so that paths match as
 * they do for requests: one for paths without parameters, by their text with or without a
 * slash at the end, and one for the others.
 */
export const methodsOf = (app: AnyElysia, path: string): ReadonlyArray<string> => {
  const { http, static: fixed } = app.router
  const other = path.endsWith("/") ? path.slice(0, -1) : `${path}/`
  const routed = [
    ...Object.keys({ ...fixed[path], ...fixed[other] }),
    ...Object.keys(http.root).filter((method) => http.find(method, path))
  ]
  // GET answers HEAD, and a WebSocket begins as a GET.
  const methods = routed.flatMap((method) =>
    method === "GET" ? ["GET", "HEAD"] : [method === "WS" ? "GET" : method]
  )
  return [...new Set(methods)].sort()
}
