import { Effect } from "effect"
import { ReportRuns } from "../runs/ReportRuns.ts"
import { RunRepo } from "../runs/RunRepo.ts"
import { isId } from "./isId.ts"
import { isOwn } from "./isOwn.ts"
import { pageResponse, redirect } from "./layout.ts"
import { html } from "./markup.ts"
import { away, notFound } from "./problemPages.ts"
import type { Visitor } from "./Visitor.ts"

const refused = (project: string, why: string, status: number): Response =>
  pageResponse(
    {
      title: "It is not made",
      project,
      section: "reports",
      body: html`<div><h1>It is not made</h1><p class="problem" dir="auto">${why}</p></div>`
    },
    { status }
  )

/** Has a report made now, and leads to the run: to the one that is under way, if there is one. */
export const makeReport = (request: Request, id: string) =>
  Effect.fn("Web.makeReport")(function* (visitor: Visitor) {
    const { actor, mayChange, project, projectId } = visitor
    if (!isOwn(request))
      return refused(project, "The form came from another site.", 403)
    if (!mayChange)
      return refused(
        project,
        "This key only reads: to have a report made it needs the scope reports.",
        403
      )
    if (!isId(id)) return notFound(project, "reports", "There is no such report")
    const made = yield* Effect.result(
      Effect.gen(function* () {
        const [last] = yield* (yield* RunRepo).page(projectId, {
          after: undefined,
          reportId: id,
          limit: 1
        })
        if (last?.state === "running") return last
        return yield* (yield* ReportRuns).start({
          projectId,
          report: { id },
          formats: ["html"],
          reason: "manual",
          actor
        })
      })
    )
    if (made._tag === "Success") return redirect(`/runs/${made.success.id}`)
    switch (made.failure._tag) {
      case "ReportNotFound":
        return notFound(project, "reports", "There is no such report")
      case "ReportInvalid":
        return refused(
          project,
          "It has parameters without a value: ask for it by the API, which takes them.",
          422
        )
      case "AnalyticsRefused":
        return refused(project, made.failure.detail ?? "It cannot be answered.", 422)
      default:
        return away("The report cannot be made.", { project, section: "reports" })
    }
  })
