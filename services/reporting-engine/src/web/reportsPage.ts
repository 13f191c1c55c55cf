import { formatInstant } from "@analytics/reports/format/formatCell"
import { Effect } from "effect"
import type { ReportSummary } from "../definitions/Report.ts"
import { Reports } from "../definitions/Reports.ts"
import { idOrNone } from "./isId.ts"
import { pageResponse } from "./layout.ts"
import { html, type Markup } from "./markup.ts"
import { away } from "./problemPages.ts"
import type { Visitor } from "./Visitor.ts"

const PAGE = 50

/** `locale` and `timezone` of everything that these pages write. */
export const writtenFor = ({ timezone }: Visitor) => ({ locale: "en", timezone })

export const reportList = (
  reports: ReadonlyArray<ReportSummary>,
  visitor: Visitor
): Markup =>
  reports.length === 0
    ? html`<p class="soft">There is none yet: <code>POST /v1/reports</code> with a template of <code>/v1/report-templates</code> makes one.</p>`
    : html`<ul class="list">${reports.map(
        ({ id, name, updatedAt }) =>
          html`<li><a href="/reports/${id}" dir="auto">${name}</a>
<div class="soft">Changed ${formatInstant(updatedAt.toISOString(), writtenFor(visitor))}</div></li>`
      )}</ul>`

/** The reports of a project, a page of them at a time. */
export const reportsPage = (after: string | undefined) =>
  Effect.fn("Web.reports")(function* (visitor: Visitor) {
    const { project, projectId } = visitor
    const found = yield* Effect.result(
      (yield* Reports).page(projectId, idOrNone(after), PAGE)
    )
    if (found._tag === "Failure")
      return away("Reports cannot be read.", { project, section: "reports" })
    const reports = found.success
    const last = reports.length < PAGE ? undefined : reports.at(-1)
    return pageResponse({
      title: "Reports",
      project,
      section: "reports",
      body: html`<div><h1>Reports</h1>
${reportList(reports, visitor)}
${last === undefined ? undefined : html`<p><a href="/reports?cursor=${last.id}">More reports</a></p>`}</div>`
    })
  })
