import type { Auth } from "@analytics/api-common/access/Auth"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import type { ReportConfig } from "@analytics/config/ReportConfig"
import type { ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import type { Alerts } from "../alerts/Alerts.ts"
import type { Analytics } from "../analytics/Analytics.ts"
import type { SharedLinks } from "../analytics/SharedLinks.ts"
import type { Reports } from "../definitions/Reports.ts"
import type { Secrets } from "../destinations/Secrets.ts"
import type { Renderer } from "../rendering/Renderer.ts"
import type { ReportRuns } from "../runs/ReportRuns.ts"
import type { RunRepo } from "../runs/RunRepo.ts"
import { alertPage } from "./alertPage.ts"
import { alertsPage } from "./alertsPage.ts"
import { dashboardPage } from "./dashboardPage.ts"
import { dashboardsPage } from "./dashboardsPage.ts"
import { makeReport } from "./makeReport.ts"
import { overviewPage } from "./overviewPage.ts"
import { reportPage } from "./reportPage.ts"
import { reportsPage } from "./reportsPage.ts"
import { runFile, runPage } from "./runPage.ts"
import { sharedPage } from "./sharedPage.ts"
import { visited } from "./Visitor.ts"

export type WebServices =
  | Alerts
  | Analytics
  | Auth
  | Renderer
  | ReportConfig
  | ReportRuns
  | Reports
  | RunRepo
  | Secrets
  | SharedLinks

const hidden = { detail: { hide: true } }

/** Pages for people: rendered here, without a script. */
export const webRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | WebServices, ER>
) =>
  new Elysia()
    .use(effectPlugin(runtime))
    .get(
      "/",
      ({ request, runResponse }) => runResponse(visited(request, overviewPage)),
      hidden
    )
    .get(
      "/dashboards",
      ({ query: { cursor }, request, runResponse }) =>
        runResponse(visited(request, dashboardsPage(cursor))),
      hidden
    )
    .get(
      "/dashboards/:id",
      ({ params: { id }, query: { range }, request, runResponse }) =>
        runResponse(visited(request, dashboardPage(id, range))),
      hidden
    )
    .get(
      "/reports",
      ({ query: { cursor }, request, runResponse }) =>
        runResponse(visited(request, reportsPage(cursor))),
      hidden
    )
    .get(
      "/reports/:id",
      ({ params: { id }, query: { cursor }, request, runResponse }) =>
        runResponse(visited(request, reportPage(id, cursor))),
      hidden
    )
    .post(
      "/reports/:id/runs",
      ({ params: { id }, request, runResponse }) =>
        runResponse(visited(request, makeReport(request, id))),
      { ...hidden, parse: "none" }
    )
    .get(
      "/runs/:id",
      ({ params: { id }, request, runResponse }) =>
        runResponse(visited(request, runPage(id))),
      hidden
    )
    .get(
      "/runs/:id/:format",
      ({ params: { format, id }, request, runResponse }) =>
        runResponse(visited(request, runFile(id, format))),
      hidden
    )
    .get(
      "/shared/:token",
      ({ params: { token }, runResponse }) => runResponse(sharedPage(token)),
      hidden
    )
    .get(
      "/alerts",
      ({ query: { cursor }, request, runResponse }) =>
        runResponse(visited(request, alertsPage(cursor))),
      hidden
    )
    .get(
      "/alerts/:id",
      ({ params: { id }, query: { bucket, notice }, request, runResponse }) =>
        runResponse(visited(request, alertPage(id, { bucket, notice }))),
      hidden
    )
