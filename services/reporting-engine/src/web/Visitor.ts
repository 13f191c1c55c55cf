import type { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth, type ProjectAccess } from "@analytics/api-common/access/Auth"
import type { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import type { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { Effect, Option } from "effect"
import { changing, reading } from "../access/ProjectQuery.ts"
import { Analytics } from "../analytics/Analytics.ts"
import { guarded } from "./guarded.ts"
import { redirect } from "./layout.ts"
import { loginPage } from "./loginPage.ts"
import { loginFor, wantedOf } from "./nextPath.ts"
import { away } from "./problemPages.ts"
import { authorizationOf, closed } from "./Session.ts"

/** Who looks at the pages. */
export interface Visitor {
  /** Id of the key. */
  readonly actor: string
  /** Whether the key may have reports made, not only read them. */
  readonly mayChange: boolean
  readonly projectId: number
  /** Name of the project. */
  readonly project: string
  /** IANA. */
  readonly timezone: string
}

type Refused = Unauthorized | Forbidden | KeysUnavailable | ProjectMissing

/** What to tell somebody whose key does not open the pages; `next` is where they wanted to. */
export const refusedPage = (error: Refused, next: string): Response => {
  switch (error._tag) {
    case "Unauthorized":
      return loginPage({
        problem: "This key is not known, or not valid any more.",
        status: 401,
        next
      })
    case "Forbidden":
      return loginPage({
        problem:
          "This key may not read reports: it needs to be a secret key with the scope reports or query.",
        status: 403,
        next
      })
    case "ProjectMissing":
      return loginPage({
        problem:
          "This key is the installation's: sign in with a secret key of a project.",
        status: 403,
        next
      })
    case "KeysUnavailable":
      return away("Keys cannot be checked.")
  }
}

/** Whose pages a key opens. */
export const accessOf = Effect.fn("Visitor.accessOf")(function* (
  authorization: string
): Effect.fn.Return<ProjectAccess, Refused, Auth> {
  const auth = yield* Auth
  return yield* auth.ofProject(authorization, reading, undefined)
})

/** A page for whoever is signed in; everybody else is asked to. */
export const visited = Effect.fn("Visitor.visited")(function* <E, R>(
  request: Request,
  page: (visitor: Visitor) => Effect.Effect<Response, E, R>
) {
  const authorization = yield* authorizationOf(request.headers.get("cookie"))
  if (Option.isNone(authorization)) return redirect(loginFor(request))
  const access = yield* Effect.result(accessOf(authorization.value))
  if (access._tag === "Failure") {
    const refused = refusedPage(access.failure, wantedOf(request))
    // A key that was revoked ends the session.
    if (access.failure._tag === "Unauthorized")
      refused.headers.set("set-cookie", yield* closed)
    return refused
  }
  const { actor, projectId } = access.success
  const { mayChange, project } = yield* Effect.all(
    {
      mayChange: Effect.isSuccess(
        (yield* Auth).ofProject(authorization.value, changing, undefined)
      ),
      project: Effect.result((yield* Analytics).project(projectId))
    },
    { concurrency: "unbounded" }
  )
  if (project._tag === "Failure") return away("The project cannot be read.")
  const { name, timezone } = project.success
  return yield* page({ actor, mayChange, projectId, project: name, timezone })
}, guarded)
