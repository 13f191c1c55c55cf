import type { Route } from "./routes.ts"

const count = {
  kind: "trends",
  range: "last_7d",
  interval: "none",
  series: [{ measure: "total" }]
}

/** An insight, as it is sent. */
export const savedInsight = (name: string) => ({
  name,
  query: count,
  chart: { form: "number" }
})

/** Days from now, as of a link. */
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

/** A share link, as it is sent. */
export const sharing = (insight: string) => ({
  of: { insight },
  expiresAt: inDays(1)
})

const note = { at: "2025-01-01T00:00:00Z", text: "note" }

const reading = "401 401 401 401 403 404 401 200 403"
const inside = "401 401 401 401 401 401 200 401 401"
const of = "projectId={projectId}"

/** Routes of analytics-api about what a team saved. */
export const savedRoutes: ReadonlyArray<Route> = [
  {
    route: "POST /v1/insights",
    statuses: "401 401 401 401 403 201 401 201 403",
    body: savedInsight("i")
  },
  { route: "GET /v1/insights", statuses: "401 401 401 401 403 200 401 200 403" },
  { route: "GET /v1/insights/{insightId}", statuses: reading },
  {
    route: "PATCH /v1/insights/{insightId}",
    statuses: reading,
    body: { version: 1, description: "{marker}" }
  },
  {
    route: "DELETE /v1/insights/{insightId}",
    statuses: "401 401 401 401 403 404 401 204 403",
    fresh: true
  },
  { route: "GET /v1/insights/{insightId}/versions", statuses: reading },
  {
    route: "POST /v1/insights/{insightId}/restore",
    statuses: reading,
    body: { version: 1 }
  },
  { route: "POST /v1/insights/{insightId}/result", statuses: reading },
  {
    route: "POST /v1/dashboards",
    statuses: "401 401 401 401 403 201 401 201 403",
    body: { name: "d" }
  },
  { route: "GET /v1/dashboards", statuses: "401 401 401 401 403 200 401 200 403" },
  { route: "GET /v1/dashboards/{dashboardId}", statuses: reading },
  {
    route: "PATCH /v1/dashboards/{dashboardId}",
    statuses: reading,
    body: { version: 1, description: "{marker}" }
  },
  {
    route: "DELETE /v1/dashboards/{dashboardId}",
    statuses: "401 401 401 401 403 404 401 204 403",
    fresh: true
  },
  { route: "POST /v1/dashboards/{dashboardId}/result", statuses: reading },
  {
    route: "POST /v1/annotations",
    statuses: "401 401 401 401 403 201 401 201 403",
    body: note
  },
  { route: "GET /v1/annotations", statuses: "401 401 401 401 403 200 401 200 403" },
  {
    route: "PATCH /v1/annotations/{annotationId}",
    statuses: reading,
    body: { text: "{marker}" }
  },
  {
    route: "DELETE /v1/annotations/{annotationId}",
    statuses: "401 401 401 401 403 404 401 204 403",
    fresh: true
  },
  {
    route: "POST /v1/share-links",
    statuses: "401 401 401 401 403 404 401 201 403",
    body: sharing("{insightId}")
  },
  { route: "GET /v1/share-links", statuses: "401 401 401 401 403 200 401 200 403" },
  {
    route: "DELETE /v1/share-links/{shareLinkId}",
    statuses: "401 401 401 401 403 404 401 204 403",
    fresh: true
  },
  // The token is the key, whoever holds it.
  {
    route: "GET /v1/shared/{token}",
    statuses: "200 200 200 200 200 200 200 200 200",
    path: "/v1/shared/{shareToken}"
  },
  ...[
    "GET /internal/v1/insights",
    "GET /internal/v1/insights/{insightId}",
    "POST /internal/v1/insights/{insightId}/result",
    "GET /internal/v1/dashboards",
    "GET /internal/v1/dashboards/{dashboardId}",
    "POST /internal/v1/dashboards/{dashboardId}/result",
    "GET /internal/v1/annotations"
  ].map((route) => ({
    route,
    statuses: inside,
    path: `${route.replace(/^\w+ /u, "")}?${of}`
  })),
  { route: "GET /internal/v1/projects/{projectId}", statuses: inside }
]
