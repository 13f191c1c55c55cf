import type { Health } from "@analytics/api-common/Health"
import { healthRoutes } from "@analytics/api-common/HealthRoutes"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { openApi } from "@analytics/api-common/OpenApi"
import type { ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import type { Auth } from "./access/Auth.ts"
import type { Cohorts } from "./cohorts/Cohorts.ts"
import { cohortsRoutes } from "./cohorts/CohortsRoutes.ts"
import type { KeyFeedRepo } from "./keys/KeyFeedRepo.ts"
import { keyFeedRoutes } from "./keys/KeyFeedRoutes.ts"
import type { Keys } from "./keys/Keys.ts"
import { keysRoutes } from "./keys/KeysRoutes.ts"
import type { Projects } from "./projects/Projects.ts"
import { projectsRoutes } from "./projects/ProjectsRoutes.ts"
import type { Queries } from "./query/Queries.ts"
import { queryRoutes } from "./query/QueryRoutes.ts"
import type { Settings } from "./settings/Settings.ts"
import { settingsRoutes } from "./settings/SettingsRoutes.ts"

/** Everything a handler of this service may ask for. */
export type AppServices =
  | Settings
  | Auth
  | Cohorts
  | Health
  | KeyFeedRepo
  | Keys
  | Projects
  | Queries

export type AppRuntime = ManagedRuntime.ManagedRuntime<AppServices, unknown>

export const about = {
  title: "analytics-api",
  version: "1",
  description: "Projects, keys, and questions about events."
}

export const makeApp = (runtime: AppRuntime) =>
  new Elysia()
    .use(openApi(about))
    .use(healthRoutes(runtime))
    .use(jsonBody())
    .use(projectsRoutes(runtime))
    .use(settingsRoutes(runtime))
    .use(keysRoutes(runtime))
    .use(keyFeedRoutes(runtime))
    .use(queryRoutes(runtime))
    .use(cohortsRoutes(runtime))

/** The client side of this API: `treaty<App>(url)`. */
export type App = ReturnType<typeof makeApp>
