import type { Route } from "./routes.ts"

/** Of the key's own project; the keys of the installation have to name one. */
const own = (stranger: string, owner: string): string =>
  `401 401 401 401 403 ${stranger} 422 ${owner} 422`

const alert = "/v1/alerts/{alertId}"
const theirs = own("404", "200")

/** As `POST /v1/alerts` takes it. */
export const watched = (name: string) => ({
  name,
  query: { kind: "trends", series: [{ measure: "total" }] },
  interval: "day",
  condition: { kind: "threshold", direction: "above", value: 1e9 }
})

/** Routes of alerts, in reporting-engine. */
export const alertRoutes: ReadonlyArray<Route> = [
  {
    route: "POST /v1/alerts",
    statuses: own("201", "201"),
    path: "/v1/alerts",
    // A stranger's own says nothing of theirs.
    body: watched("an alert")
  },
  { route: "GET /v1/alerts", statuses: own("200", "200"), path: "/v1/alerts" },
  {
    route: "POST /v1/alerts/backtest",
    statuses: own("200", "200"),
    path: "/v1/alerts/backtest",
    body: {
      alert: watched("an alert"),
      from: "2026-01-01T00:00:00Z",
      to: "2026-01-08T00:00:00Z"
    }
  },
  { route: "GET /v1/alerts/{alertId}", statuses: theirs, path: alert },
  {
    route: "PATCH /v1/alerts/{alertId}",
    statuses: theirs,
    path: alert,
    body: { description: "{marker}" }
  },
  {
    route: "POST /v1/alerts/{alertId}/pause",
    statuses: theirs,
    path: `${alert}/pause`
  },
  {
    route: "POST /v1/alerts/{alertId}/resume",
    statuses: theirs,
    path: `${alert}/resume`
  },
  {
    route: "POST /v1/alerts/{alertId}/mute",
    statuses: theirs,
    path: `${alert}/mute`,
    body: { until: null }
  },
  {
    route: "POST /v1/alerts/{alertId}/acknowledge",
    statuses: own("404", "409"),
    path: `${alert}/acknowledge`
  },
  {
    route: "GET /v1/alerts/{alertId}/evaluations",
    statuses: theirs,
    path: `${alert}/evaluations`
  },
  {
    route: "GET /v1/alerts/{alertId}/notices",
    statuses: theirs,
    path: `${alert}/notices`
  },
  {
    route: "DELETE /v1/alerts/{alertId}",
    statuses: own("404", "204"),
    path: alert,
    fresh: true
  }
]
