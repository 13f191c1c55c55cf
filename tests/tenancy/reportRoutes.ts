import { alertRoutes } from "./alertRoutes.ts"
import { definitionRoutes } from "./definitionRoutes.ts"
import { deliveryRoutes } from "./deliveryRoutes.ts"
import type { Route } from "./routes.ts"

const anybody = "200 200 200 200 200 200 200 200 200"

/** Routes of reporting-engine. */
export const reportRoutes: ReadonlyArray<Route> = [
  { route: "GET /livez", statuses: anybody },
  { route: "GET /readyz", statuses: anybody },
  { route: "GET /metrics", statuses: anybody },
  ...definitionRoutes,
  ...alertRoutes,
  ...deliveryRoutes
]
