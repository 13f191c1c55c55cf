import type { Auth } from "@analytics/api-common/access/Auth"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { readUpTo } from "@analytics/api-common/JsonBody"
import { ReportConfig } from "@analytics/config/ReportConfig"
import { Effect, type ManagedRuntime, Redacted } from "effect"
import { Elysia } from "elysia"
import type { Secrets } from "../destinations/Secrets.ts"
import { redirect } from "./layout.ts"
import { loginPage } from "./loginPage.ts"
import { closed, opened } from "./Session.ts"
import { accessOf, refusedPage } from "./Visitor.ts"

/** Bytes of the form. */
const LONGEST_FORM = 4096

/** Another site's form must not sign anybody in. */
const isOwn = (request: Request): boolean => {
  const origin = request.headers.get("origin")
  const host = request.headers.get("host")
  return origin === null || origin === "null"
    ? request.headers.get("sec-fetch-site") !== "cross-site"
    : URL.canParse(origin) && new URL(origin).host === host
}

const keyIn = (request: Request) =>
  Effect.tryPromise(() => readUpTo(request, LONGEST_FORM)).pipe(
    Effect.timeout("10 seconds"),
    Effect.map((bytes) =>
      (new URLSearchParams(new TextDecoder().decode(bytes)).get("key") ?? "").trim()
    ),
    Effect.orElseSucceed(() => "")
  )

const isSecure = Effect.map(ReportConfig, ({ publicUrl }) =>
  publicUrl.startsWith("https:")
)

const signIn = Effect.fn("Web.signIn")(function* (request: Request) {
  if (!isOwn(request)) return loginPage("The form came from another site.", 403)
  const key = yield* keyIn(request)
  if (key === "") return loginPage("Enter the secret key of a project.", 422)
  const access = yield* Effect.result(accessOf(`Bearer ${key}`))
  if (access._tag === "Failure") return refusedPage(access.failure)
  return redirect("/", yield* opened(Redacted.make(key), yield* isSecure))
})

/** Signing in and out of the pages, which works without a script. */
export const sessionRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Secrets | ReportConfig, ER>
) =>
  new Elysia()
    .use(effectPlugin(runtime))
    .get("/login", ({ runResponse }) => runResponse(Effect.sync(() => loginPage())), {
      detail: { hide: true }
    })
    .post("/login", ({ request, runResponse }) => runResponse(signIn(request)), {
      parse: "none",
      detail: { hide: true }
    })
    .post(
      "/logout",
      ({ request, runResponse }) =>
        runResponse(
          Effect.map(isSecure, (secure) =>
            isOwn(request) ? redirect("/login", closed(secure)) : redirect("/")
          )
        ),
      { parse: "none", detail: { hide: true } }
    )
