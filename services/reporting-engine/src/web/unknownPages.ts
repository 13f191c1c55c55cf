import type { AnyElysia } from "elysia"
import { nothingHere } from "./problemPages.ts"

/** Paths of programs, whose problems are JSON. */
const api = /^\/(?:v1|internal|docs|openapi|metrics)(?:\/|$)/u

/** Whether a person looks, so that what is wrong is a page. */
const isPerson = ({ headers, method, url }: Request): boolean =>
  (method === "GET" || method === "HEAD") &&
  (headers.get("accept") ?? "").includes("text/html") &&
  !api.test(new URL(url).pathname)

/** Answers browsers with a page where there is none. To be used before other handlers of errors. */
export const unknownPages = <App extends AnyElysia>(app: App): App => {
  app.onError({ as: "global" }, ({ code, request, set }) => {
    if (code !== "NOT_FOUND" || !isPerson(request)) return undefined
    set.status = 404
    return nothingHere()
  })
  return app
}
