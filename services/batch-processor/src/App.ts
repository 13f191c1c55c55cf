import type { Auth } from "@analytics/api-common/access/Auth"
import type { Health } from "@analytics/api-common/Health"
import { healthRoutes } from "@analytics/api-common/HealthRoutes"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { methodNotAllowed } from "@analytics/api-common/MethodNotAllowed"
import { openApi } from "@analytics/api-common/OpenApi"
import type { ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import type { Exports } from "./exports/Exports.ts"
import { exportsRoutes } from "./exports/ExportsRoutes.ts"
import type { JobEvents } from "./jobs/JobEvents.ts"
import { jobEventsRoutes } from "./jobs/JobEventsRoutes.ts"
import type { Jobs } from "./jobs/Jobs.ts"
import { jobsRoutes } from "./jobs/JobsRoutes.ts"
import type { JobTypes } from "./jobs/JobTypes.ts"
import { internalSchedulesRoutes } from "./schedules/InternalSchedulesRoutes.ts"
import type { Schedules } from "./schedules/Schedules.ts"
import { schedulesRoutes } from "./schedules/SchedulesRoutes.ts"
import { uploadRoutes } from "./uploads/UploadRoutes.ts"
import type { Uploads } from "./uploads/Uploads.ts"

/** Everything a handler of this service may ask for. */
export type AppServices =
  | Auth
  | Exports
  | Health
  | JobEvents
  | Jobs
  | JobTypes
  | Schedules
  | Uploads

export type AppRuntime = ManagedRuntime.ManagedRuntime<AppServices, unknown>

export const about = {
  title: "batch-processor",
  version: "1",
  description: "Long work that survives whatever happens to its processes."
}

export const makeApp = (runtime: AppRuntime) =>
  // Uploads are large; whatever else has a body reads less of it by itself.
  new Elysia({ serve: { maxRequestBodySize: Number.MAX_SAFE_INTEGER } })
    .use(methodNotAllowed)
    .use(openApi(about))
    .use(healthRoutes(runtime))
    .use(uploadRoutes(runtime))
    .use(jsonBody())
    .use(jobsRoutes(runtime))
    .use(jobEventsRoutes(runtime))
    .use(exportsRoutes(runtime))
    .use(schedulesRoutes(runtime))
    .use(internalSchedulesRoutes(runtime))

/** The client side of this API: `treaty<App>(url)`. */
export type App = ReturnType<typeof makeApp>
