import { Effect } from "effect"
import { Analytics } from "../analytics/Analytics.ts"
import { pageResponse } from "./layout.ts"
import { html, type Markup } from "./markup.ts"
import { away, notFound } from "./problemPages.ts"
import type { Visitor } from "./Visitor.ts"

type Heads = ReadonlyArray<{
  readonly id: string
  readonly name: string
  readonly description: string
}>

export const dashboardList = (dashboards: Heads): Markup =>
  dashboards.length === 0
    ? html`<p class="soft">There is none yet: <code>POST /v1/dashboards</code> of analytics-api makes one.</p>`
    : html`<ul class="list">${dashboards.map(
        ({ description, id, name }) =>
          html`<li><a href="/dashboards/${id}" dir="auto">${name}</a>${
            description === ""
              ? undefined
              : html`<div class="soft" dir="auto">${description}</div>`
          }</li>`
      )}</ul>`

/** The dashboards of a project, a page of them at a time. */
export const dashboardsPage = (cursor: string | undefined) =>
  Effect.fn("Web.dashboards")(function* ({ project, projectId }: Visitor) {
    const analytics = yield* Analytics
    const found = yield* Effect.result(analytics.dashboards(projectId, cursor))
    if (found._tag === "Failure")
      return found.failure._tag === "AnalyticsRefused"
        ? notFound(project, "dashboards", "There is no such page of dashboards")
        : away("Dashboards cannot be read.", { project, section: "dashboards" })
    const { dashboards, nextCursor } = found.success
    return pageResponse({
      title: "Dashboards",
      project,
      section: "dashboards",
      body: html`<div><h1>Dashboards</h1>
${dashboardList(dashboards)}
${
  nextCursor === null
    ? undefined
    : html`<p><a href="/dashboards?cursor=${encodeURIComponent(nextCursor)}">More dashboards</a></p>`
}</div>`
    })
  })
