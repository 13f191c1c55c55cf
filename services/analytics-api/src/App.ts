import type { Health } from "@analytics/api-common/Health"
import { healthRoutes } from "@analytics/api-common/HealthRoutes"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { methodNotAllowed } from "@analytics/api-common/MethodNotAllowed"
import { openApi } from "@analytics/api-common/OpenApi"
import type { ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import type { Auth } from "./access/Auth.ts"
import type { Annotations } from "./annotations/Annotations.ts"
import { annotationsRoutes } from "./annotations/AnnotationsRoutes.ts"
import { internalAnnotationsRoutes } from "./annotations/InternalAnnotationsRoutes.ts"
import type { Audit } from "./audit/Audit.ts"
import { auditRoutes } from "./audit/AuditRoutes.ts"
import { auditPlugin } from "./audit/auditPlugin.ts"
import type { CatalogueRepo } from "./catalogue/CatalogueRepo.ts"
import { catalogueRoutes } from "./catalogue/CatalogueRoutes.ts"
import type { Forgetting } from "./catalogue/Forgetting.ts"
import { forgettingRoutes } from "./catalogue/ForgettingRoutes.ts"
import type { Cohorts } from "./cohorts/Cohorts.ts"
import { cohortsRoutes } from "./cohorts/CohortsRoutes.ts"
import type { CohortRefreshes } from "./cohorts/refresh/CohortRefreshes.ts"
import { refreshRoutes } from "./cohorts/refresh/RefreshRoutes.ts"
import { dashboardResultRoutes } from "./dashboards/DashboardResultRoutes.ts"
import type { DashboardResults } from "./dashboards/DashboardResults.ts"
import type { Dashboards } from "./dashboards/Dashboards.ts"
import { dashboardsRoutes } from "./dashboards/DashboardsRoutes.ts"
import { internalDashboardsRoutes } from "./dashboards/InternalDashboardsRoutes.ts"
import type { Idempotency } from "./idempotency/Idempotency.ts"
import { idempotencyPlugin } from "./idempotency/idempotencyPlugin.ts"
import type { Insights } from "./insights/Insights.ts"
import { insightsRoutes } from "./insights/InsightsRoutes.ts"
import { insightVersionsRoutes } from "./insights/InsightVersionsRoutes.ts"
import { internalInsightsRoutes } from "./insights/InternalInsightsRoutes.ts"
import type { KeyFeedRepo } from "./keys/KeyFeedRepo.ts"
import { keyFeedRoutes } from "./keys/KeyFeedRoutes.ts"
import type { Keys } from "./keys/Keys.ts"
import { keysRoutes } from "./keys/KeysRoutes.ts"
import type { Live } from "./live/Live.ts"
import { liveRoutes } from "./live/LiveRoutes.ts"
import { type PeopleServices, peopleRoutes } from "./people/PeopleRoutes.ts"
import { internalProjectsRoutes } from "./projects/InternalProjectsRoutes.ts"
import type { Projects } from "./projects/Projects.ts"
import { projectsRoutes } from "./projects/ProjectsRoutes.ts"
import { internalQueryRoutes } from "./query/InternalQueryRoutes.ts"
import type { Queries } from "./query/Queries.ts"
import { queryRoutes } from "./query/QueryRoutes.ts"
import { queryRunRoutes } from "./query/QueryRunRoutes.ts"
import type { QueryRuns } from "./query/QueryRuns.ts"
import type { Settings } from "./settings/Settings.ts"
import { settingsRoutes } from "./settings/SettingsRoutes.ts"
import { sharedRoutes } from "./shareLinks/SharedRoutes.ts"
import type { ShareLinks } from "./shareLinks/ShareLinks.ts"
import { shareLinksRoutes } from "./shareLinks/ShareLinksRoutes.ts"

/** Everything a handler of this service may ask for. */
export type AppServices =
  | Settings
  | Annotations
  | Audit
  | Auth
  | CatalogueRepo
  | Forgetting
  | Cohorts
  | CohortRefreshes
  | DashboardResults
  | Dashboards
  | Health
  | Idempotency
  | Insights
  | KeyFeedRepo
  | Keys
  | Live
  | PeopleServices
  | Projects
  | Queries
  | QueryRuns
  | ShareLinks

export type AppRuntime = ManagedRuntime.ManagedRuntime<AppServices, unknown>

export const about = {
  title: "analytics-api",
  version: "1",
  description: "Projects, keys, and questions about events."
}

export const makeApp = (runtime: AppRuntime) =>
  new Elysia()
    .use(methodNotAllowed)
    .use(openApi(about))
    .use(healthRoutes(runtime))
    .use(jsonBody())
    .use(auditPlugin(runtime))
    .use(idempotencyPlugin(runtime))
    .use(projectsRoutes(runtime))
    .use(settingsRoutes(runtime))
    .use(keysRoutes(runtime))
    .use(keyFeedRoutes(runtime))
    .use(queryRoutes(runtime))
    .use(internalQueryRoutes(runtime))
    .use(queryRunRoutes(runtime))
    .use(auditRoutes(runtime))
    .use(liveRoutes(runtime))
    .use(cohortsRoutes(runtime))
    .use(refreshRoutes(runtime))
    .use(peopleRoutes(runtime))
    .use(catalogueRoutes(runtime))
    .use(forgettingRoutes(runtime))
    .use(insightsRoutes(runtime))
    .use(insightVersionsRoutes(runtime))
    .use(dashboardsRoutes(runtime))
    .use(dashboardResultRoutes(runtime))
    .use(annotationsRoutes(runtime))
    .use(shareLinksRoutes(runtime))
    .use(sharedRoutes(runtime))
    .use(internalInsightsRoutes(runtime))
    .use(internalDashboardsRoutes(runtime))
    .use(internalAnnotationsRoutes(runtime))
    .use(internalProjectsRoutes(runtime))

/** The client side of this API: `treaty<App>(url)`. */
export type App = ReturnType<typeof makeApp>
