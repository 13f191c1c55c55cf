import type { Route } from "./routes.ts"

/** Of the key's own project; the keys of the installation have to name one. */
const own = (stranger: string, owner: string): string =>
  `401 401 401 401 403 ${stranger} 422 ${owner} 422`

const theirs = own("404", "200")
/** Without a key: the token says who asks, and this is none. */
const noToken = "404 404 404 404 404 404 404 404 404"

/** As `POST /v1/destinations` takes it. */
export const folder = (name: string) => ({ kind: "store", name, prefix: "weekly" })

/** As `POST /v1/subscriptions` takes it. */
export const weekly = (name: string, reportId: string, destination: string) => ({
  name,
  reportId,
  destinations: [destination],
  schedule: { days: ["mon"], at: "08:00" },
  formats: []
})

/** Routes of destinations, deliveries and subscriptions, in reporting-engine. */
export const deliveryRoutes: ReadonlyArray<Route> = [
  {
    route: "POST /v1/destinations",
    statuses: own("201", "201"),
    body: folder("a folder")
  },
  { route: "GET /v1/destinations", statuses: own("200", "200") },
  { route: "GET /v1/destinations/{destinationId}", statuses: theirs },
  {
    route: "PATCH /v1/destinations/{destinationId}",
    statuses: theirs,
    body: { name: "{marker}" }
  },
  {
    // A subscription names it.
    route: "DELETE /v1/destinations/{destinationId}",
    statuses: own("404", "409")
  },
  {
    route: "POST /v1/destinations/{destinationId}/test",
    statuses: own("404", "202")
  },
  {
    // A folder has none.
    route: "POST /v1/destinations/{destinationId}/rotate-secret",
    statuses: own("404", "409")
  },
  {
    route: "POST /v1/destinations/{destinationId}/retire-secret",
    statuses: own("404", "409")
  },
  { route: "GET /v1/deliveries", statuses: own("200", "200") },
  { route: "GET /v1/deliveries/{deliveryId}", statuses: theirs },
  {
    route: "POST /v1/deliveries/{deliveryId}/resend",
    statuses: own("404", "202/409")
  },
  ...["GET /v1/unsubscribe/{token}", "POST /v1/unsubscribe/{token}"].map((route) => ({
    route,
    statuses: noToken,
    path: "/v1/unsubscribe/bm9uZQ.bm9uZQ"
  })),
  {
    route: "POST /v1/unsubscribe/{token}/undo",
    statuses: noToken,
    path: "/v1/unsubscribe/bm9uZQ.bm9uZQ/undo"
  },
  {
    // A stranger may not name their report, nor where they send it.
    route: "POST /v1/subscriptions",
    statuses: own("422", "201"),
    body: weekly("a week", "{reportId}", "{destinationId}")
  },
  { route: "GET /v1/subscriptions", statuses: own("200", "200") },
  { route: "GET /v1/subscriptions/{subscriptionId}", statuses: theirs },
  {
    route: "PATCH /v1/subscriptions/{subscriptionId}",
    statuses: theirs,
    body: { name: "{marker}" }
  },
  {
    route: "POST /v1/subscriptions/{subscriptionId}/send",
    statuses: own("404", "202"),
    body: { scheduledFor: "2026-03-02T07:00:00Z" }
  },
  { route: "GET /v1/subscriptions/{subscriptionId}/runs", statuses: theirs },
  {
    route: "POST /internal/v1/subscriptions/{subscriptionId}/runs",
    statuses: "401 401 401 401 403 403 200 403 403",
    body: {
      projectId: "{projectId}",
      scheduledFor: "2026-03-02T07:00:00Z",
      jobId: "018f2a6c-0000-7000-8000-000000000003",
      jobRun: 1
    }
  },
  {
    route: "DELETE /v1/subscriptions/{subscriptionId}",
    statuses: own("404", "204"),
    fresh: true
  }
]
