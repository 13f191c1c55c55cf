import type { Auth } from "@analytics/api-common/access/Auth"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { readUpTo } from "@analytics/api-common/JsonBody"
import type { ReportConfig } from "@analytics/config/ReportConfig"
import { Clock, Effect, type ManagedRuntime, Redacted } from "effect"
import { Elysia } from "elysia"
import type { Secrets } from "../destinations/Secrets.ts"
import { guarded } from "./guarded.ts"
import { isOwn } from "./isOwn.ts"
import { redirect } from "./layout.ts"
import { loginPage } from "./loginPage.ts"
import { nextPath } from "./nextPath.ts"
import { closed, opened } from "./Session.ts"
import { signInAttempts } from "./signInAttempts.ts"
import { accessOf, refusedPage } from "./Visitor.ts"

/** Bytes of the form. */
const LONGEST_FORM = 4096

const formOf = (request: Request) =>
  Effect.tryPromise(() => readUpTo(request, LONGEST_FORM)).pipe(
    Effect.timeout("10 seconds"),
    Effect.map((bytes) => new URLSearchParams(new TextDecoder().decode(bytes))),
    Effect.orElseSucceed(() => new URLSearchParams())
  )

/** Who tries: the nearest proxy's word, if there is one, else the other end. */
const addressOf = ({ headers }: Request, peer: string | undefined): string =>
  `${peer ?? ""} ${(headers.get("x-forwarded-for") ?? "").split(",").at(-1)?.trim().slice(0, 45)}`

const signInWith = (attempts: ReturnType<typeof signInAttempts>) =>
  Effect.fn("Web.signIn")(function* (request: Request, peer: string | undefined) {
    if (!isOwn(request))
      return loginPage({ problem: "The form came from another site.", status: 403 })
    const form = yield* formOf(request)
    const key = (form.get("key") ?? "").trim()
    const next = nextPath(form.get("next"))
    if (key === "")
      return loginPage({
        problem: "Enter the secret key of a project.",
        status: 422,
        next
      })
    const address = addressOf(request, peer)
    const now = yield* Clock.currentTimeMillis
    const wait = attempts.wait(address, now)
    if (wait !== undefined)
      return loginPage({
        problem: `Too many keys that do not fit were tried from here. Try again in ${wait} seconds.`,
        status: 429,
        next,
        headers: { "retry-after": String(wait) }
      })
    const access = yield* Effect.result(accessOf(`Bearer ${key}`))
    if (access._tag === "Success")
      return redirect(next, yield* opened(Redacted.make(key)))
    if (access.failure._tag !== "KeysUnavailable") attempts.failed(address, now)
    return refusedPage(access.failure, next)
  })

const signOut = Effect.fn("Web.signOut")(function* (request: Request) {
  return isOwn(request) ? redirect("/login", yield* closed) : redirect("/")
})

/** Signing in and out of the pages, which works without a script. */
export const sessionRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Secrets | ReportConfig, ER>
) => {
  const signIn = signInWith(signInAttempts())
  return new Elysia()
    .use(effectPlugin(runtime))
    .get(
      "/login",
      ({ query: { next }, runResponse }) =>
        runResponse(Effect.sync(() => loginPage({ next: nextPath(next) }))),
      { detail: { hide: true } }
    )
    .post(
      "/login",
      ({ request, runResponse, server }) =>
        runResponse(
          guarded(
            Effect.suspend(() => signIn(request, server?.requestIP(request)?.address))
          )
        ),
      { parse: "none", detail: { hide: true } }
    )
    .post(
      "/logout",
      ({ request, runResponse }) => runResponse(guarded(signOut(request))),
      {
        parse: "none",
        detail: { hide: true }
      }
    )
}
