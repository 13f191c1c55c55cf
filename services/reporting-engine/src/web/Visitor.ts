import type { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth, type ProjectAccess } from "@analytics/api-common/access/Auth"
import type { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import type { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { Effect, Option } from "effect"
import { reading } from "../access/ProjectQuery.ts"
import { Analytics } from "../analytics/Analytics.ts"
import { pageResponse, redirect } from "./layout.ts"
import { loginPage } from "./loginPage.ts"
import { html } from "./markup.ts"
import { authorizationOf, closed } from "./Session.ts"

/** Who looks at the pages. */
export interface Visitor {
  readonly projectId: number
  /** Name of the project. */
  readonly project: string
  /** IANA. */
  readonly timezone: string
}

type Refused = Unauthorized | Forbidden | KeysUnavailable | ProjectMissing

/** What to tell somebody whose key does not open the pages. */
export const refusedPage = (error: Refused): Response => {
  switch (error._tag) {
    case "Unauthorized":
      return loginPage("This key is not known, or not valid any more.", 401)
    case "Forbidden":
      return loginPage(
        "This key may not read reports: it needs the scope reports or query.",
        403
      )
    case "ProjectMissing":
      return loginPage(
        "This key is the installation's: sign in with a secret key of a project.",
        403
      )
    case "KeysUnavailable":
      return away("Keys cannot be checked right now.")
  }
}

/** Something that the page needs does not answer. */
export const away = (why: string): Response =>
  pageResponse(
    {
      title: "Not available",
      body: html`<h1>Not available right now</h1><p>${why} Load the page again in a moment.</p>`
    },
    { status: 503 }
  )

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
  if (Option.isNone(authorization)) return redirect("/login")
  const access = yield* Effect.result(accessOf(authorization.value))
  if (access._tag === "Failure") {
    const { failure } = access
    // A key that was revoked ends the session.
    return failure._tag === "Unauthorized"
      ? redirect("/login", closed(false))
      : refusedPage(failure)
  }
  const { projectId } = access.success
  const project = yield* Effect.result((yield* Analytics).project(projectId))
  if (project._tag === "Failure") return away("The project cannot be read right now.")
  const { name, timezone } = project.success
  return yield* page({ projectId, project: name, timezone })
})
