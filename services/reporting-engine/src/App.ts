import type { Auth } from "@analytics/api-common/access/Auth"
import type { Health } from "@analytics/api-common/Health"
import { healthRoutes } from "@analytics/api-common/HealthRoutes"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { methodNotAllowed } from "@analytics/api-common/MethodNotAllowed"
import { openApi } from "@analytics/api-common/OpenApi"
import type { ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import { alertStateRoutes } from "./alerts/AlertStateRoutes.ts"
import type { Alerts } from "./alerts/Alerts.ts"
import { alertsRoutes } from "./alerts/AlertsRoutes.ts"
import type { Reports } from "./definitions/Reports.ts"
import { reportsRoutes } from "./definitions/ReportsRoutes.ts"
import type { Deliveries } from "./delivery/Deliveries.ts"
import { deliveriesRoutes } from "./delivery/DeliveriesRoutes.ts"
import type { UnsubscribeLinks } from "./delivery/unsubscribe/UnsubscribeLinks.ts"
import { unsubscribeRoutes } from "./delivery/unsubscribe/UnsubscribeRoutes.ts"
import type { Destinations } from "./destinations/Destinations.ts"
import { destinationsRoutes } from "./destinations/DestinationsRoutes.ts"
import { filesRoutes } from "./files/FilesRoutes.ts"
import type { Renderer } from "./rendering/Renderer.ts"
import { renderRoutes } from "./runs/RenderRoutes.ts"
import type { ReportRuns } from "./runs/ReportRuns.ts"
import type { RunRepo } from "./runs/RunRepo.ts"
import { runsRoutes } from "./runs/RunsRoutes.ts"
import { internalSubscriptionsRoutes } from "./subscriptions/InternalSubscriptionsRoutes.ts"
import type { SubscriptionRuns } from "./subscriptions/SubscriptionRuns.ts"
import { subscriptionRunsRoutes } from "./subscriptions/SubscriptionRunsRoutes.ts"
import type { Subscriptions } from "./subscriptions/Subscriptions.ts"
import { subscriptionsRoutes } from "./subscriptions/SubscriptionsRoutes.ts"
import { templatesRoutes } from "./templates/TemplatesRoutes.ts"
import { sessionRoutes } from "./web/sessionRoutes.ts"
import { unknownPages } from "./web/unknownPages.ts"
import { type WebServices, webRoutes } from "./web/webRoutes.ts"

/** Everything a handler of this service may ask for. */
export type AppServices =
  | Alerts
  | Auth
  | Deliveries
  | Destinations
  | Health
  | Renderer
  | ReportRuns
  | Reports
  | RunRepo
  | SubscriptionRuns
  | Subscriptions
  | UnsubscribeLinks
  | WebServices

export type AppRuntime = ManagedRuntime.ManagedRuntime<AppServices, unknown>

export const about = {
  title: "reporting-engine",
  version: "1",
  description: "Makes reports, sends them, and speaks when something is wrong."
}

export const makeApp = (runtime: AppRuntime) =>
  new Elysia()
    .use(methodNotAllowed)
    .use(unknownPages)
    .use(openApi(about))
    .use(healthRoutes(runtime))
    .use(sessionRoutes(runtime))
    .use(webRoutes(runtime))
    .use(jsonBody())
    .use(templatesRoutes(runtime))
    .use(reportsRoutes(runtime))
    .use(renderRoutes(runtime))
    .use(runsRoutes(runtime))
    .use(filesRoutes(runtime))
    .use(alertsRoutes(runtime))
    .use(alertStateRoutes(runtime))
    .use(destinationsRoutes(runtime))
    .use(deliveriesRoutes(runtime))
    .use(unsubscribeRoutes(runtime))
    .use(subscriptionsRoutes(runtime))
    .use(subscriptionRunsRoutes(runtime))
    .use(internalSubscriptionsRoutes(runtime))

/** The client side of this API: `treaty<App>(url)`. */
export type App = ReturnType<typeof makeApp>
