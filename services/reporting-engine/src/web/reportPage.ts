import { Effect } from "effect"
import { Reports } from "../definitions/Reports.ts"
import { RunRepo } from "../runs/RunRepo.ts"
import { idOrNone, isId } from "./isId.ts"
import { pageResponse } from "./layout.ts"
import { html } from "./markup.ts"
import { away, notFound } from "./problemPages.ts"
import { runList } from "./runList.ts"
import type { Visitor } from "./Visitor.ts"

const PAGE = 30

const missing = (project: string): Response =>
  notFound(project, "reports", "There is no such report")

/** A report: when it was made, and what became of that; `after` is the run before. */
export const reportPage = (id: string, after: string | undefined) =>
  Effect.fn("Web.report")(function* (visitor: Visitor) {
    const { mayChange, project, projectId } = visitor
    if (!isId(id)) return missing(project)
    const found = yield* Effect.result((yield* Reports).get(projectId, id))
    if (found._tag === "Failure")
      return found.failure._tag === "ReportNotFound"
        ? missing(project)
        : away("Reports cannot be read.", { project, section: "reports" })
    const report = found.success
    const history = yield* Effect.result(
      (yield* RunRepo).page(projectId, {
        after: idOrNone(after),
        reportId: id,
        limit: PAGE
      })
    )
    if (history._tag === "Failure")
      return away("Runs cannot be read.", { project, section: "reports" })
    const runs = history.success
    const last = runs.length < PAGE ? undefined : runs.at(-1)
    const { description = "" } = report.definition
    return pageResponse({
      title: report.name,
      project,
      section: "reports",
      body: html`<div class="top"><div><h1 dir="auto">${report.name}</h1>
${description === "" ? undefined : html`<p class="subtitle" dir="auto">${description}</p>`}
<p class="soft">Version ${report.version}</p></div>
${mayChange ? html`<form method="post" action="/reports/${id}/runs" class="no-print"><button>Make it now</button></form>` : undefined}</div>
<section aria-labelledby="runs"><h2 id="runs">When it was made</h2>
${
  runs.length === 0
    ? html`<p class="soft">${after === undefined ? "Not yet." : "There are no older runs."}</p>`
    : runList(runs, visitor, "Runs of this report")
}
${last === undefined ? undefined : html`<p><a href="/reports/${id}?cursor=${last.id}">Older runs</a></p>`}
</section>`
    })
  })
