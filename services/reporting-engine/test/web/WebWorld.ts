import { methodNotAllowed } from "@analytics/api-common/MethodNotAllowed"
import { Layer, Logger, ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import { Secrets } from "../../src/destinations/Secrets.ts"
import { sessionRoutes } from "../../src/web/sessionRoutes.ts"
import { unknownPages } from "../../src/web/unknownPages.ts"
import { webRoutes } from "../../src/web/webRoutes.ts"
import {
  analyticsOf,
  authOf,
  configOf,
  RendererOfTest,
  sharedLinksOf,
  storesOf
} from "./stubServices.ts"
import type { World } from "./World.ts"
/** The pages of such a world; what is logged goes into `logged`. */
export const pagesOf = (world: World, publicUrl = "http://reports.test") => {
  const logged: Array<string> = []
  const runtime = ManagedRuntime.make(
    Layer.mergeAll(
      authOf(world),
      analyticsOf(world),
      storesOf(world),
      sharedLinksOf(world),
      RendererOfTest
    ).pipe(
      Layer.provideMerge(Secrets.layer),
      Layer.provideMerge(configOf(publicUrl)),
      Layer.provideMerge(
        Logger.layer([
          Logger.make(({ cause, message }) => {
            logged.push(`${JSON.stringify(message)} ${String(cause)}`)
          })
        ])
      )
    )
  )
  const app = new Elysia()
    .use(methodNotAllowed)
    .use(unknownPages)
    .use(sessionRoutes(runtime))
    .use(webRoutes(runtime))

  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await app.handle(new Request(`http://reports.test${path}`, init))
    return { response, status: response.status, text: await response.text() }
  }
  const post = (
    path: string,
    form: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {}
  ) =>
    ask(path, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      body: new URLSearchParams(form).toString()
    })
  /** The cookie of a key that signed in. */
  const signedIn = async (key: string) => {
    const { response } = await post("/login", { key })
    return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? ""
  }
  return {
    ask,
    post,
    signedIn,
    logged,
    runtime,
    /** A page as whoever holds the key sees it. */
    see: async (path: string, key = "7") =>
      ask(path, { headers: { cookie: await signedIn(key), accept: "text/html" } })
  }
}
