import { Clock, Effect, Result } from "effect"
import { Alerts } from "../alerts/Alerts.ts"
import { Analytics } from "../analytics/Analytics.ts"
import { Reports } from "../definitions/Reports.ts"
import { RunRepo } from "../runs/RunRepo.ts"
import { alertList } from "./alertsPage.ts"
import { dashboardList } from "./dashboardsPage.ts"
import { pageResponse } from "./layout.ts"
import { html, type Markup } from "./markup.ts"
import { reportList } from "./reportsPage.ts"
import { runList } from "./runList.ts"
import type { Visitor } from "./Visitor.ts"

/** Of each thing; the rest is on a page of its own. */
const SHOWN = 5
/** Alerts that are looked through for those that fire. */
const LOOKED_AT = 1000

const section = (id: string, title: string, body: Markup): Markup =>
  html`<section class="card" aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${body}</section>`

/** One part that is away does not take the others with it. */
const orAway = <A, E>(found: Result.Result<A, E>, shown: (it: A) => Markup): Markup =>
  Result.isSuccess(found)
    ? shown(found.success)
    : html`<p class="problem">This cannot be read right now.</p>`

/** What is wrong, and what there is. */
export const overviewPage = Effect.fn("Web.overview")(function* (visitor: Visitor) {
  const { project, projectId } = visitor
  const asker = { actor: "web", projectId }
  const { alerts, dashboards, reports, runs } = yield* Effect.all(
    {
      alerts: Effect.result(
        (yield* Alerts).list(asker, { after: undefined, limit: LOOKED_AT })
      ),
      dashboards: Effect.result((yield* Analytics).dashboards(projectId)),
      reports: Effect.result((yield* Reports).page(projectId, undefined, SHOWN)),
      runs: Effect.result(
        (yield* RunRepo).page(projectId, {
          after: undefined,
          reportId: undefined,
          limit: SHOWN
        })
      )
    },
    { concurrency: "unbounded" }
  )
  const now = yield* Clock.currentTimeMillis
  return pageResponse({
    title: "Overview",
    project,
    section: "overview",
    body: html`<h1 dir="auto">${project}</h1>
${section(
  "alerts",
  "Alerts",
  orAway(alerts, (found) => {
    const wrong = found.alerts.filter(
      ({ problem, state }) =>
        state === "firing" || state === "acknowledged" || problem !== null
    )
    return wrong.length > 0
      ? alertList(wrong, visitor, now)
      : html`<p>${found.alerts.length === 0 ? "There are no alerts yet." : "Nothing is firing."} <a href="/alerts">All alerts</a></p>`
  })
)}
${section(
  "dashboards",
  "Dashboards",
  orAway(
    dashboards,
    (found) => html`${dashboardList(found.dashboards.slice(0, SHOWN))}
${found.dashboards.length > SHOWN ? html`<p><a href="/dashboards">All dashboards</a></p>` : undefined}`
  )
)}
${section(
  "reports",
  "Reports",
  orAway(
    reports,
    (found) => html`${reportList(found, visitor)}
${found.length === SHOWN ? html`<p><a href="/reports">All reports</a></p>` : undefined}`
  )
)}
${section(
  "runs",
  "Made lately",
  orAway(runs, (found) =>
    found.length === 0
      ? html`<p class="soft">Nothing yet.</p>`
      : runList(found, visitor, "Reports that were made lately")
  )
)}`
  })
})
