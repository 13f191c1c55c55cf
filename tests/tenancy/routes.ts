import { batchRoutes } from "./batchRoutes.ts"
import { modelRoutes } from "./modelRoutes.ts"
import { protocolRoutes } from "./protocolRoutes.ts"
import { reportRoutes } from "./reportRoutes.ts"
import { savedRoutes } from "./savedRoutes.ts"

/**
 * Every route of all services, asked for what belongs to the tenant "theirs", with every
 * type of key. `routes.test.ts` compares this with what the services document and answer:
 * a route without a row fails, and so does a status that is not the one pinned here.
 *
 * To add a row for a new route: name it as the OpenAPI document does; say which path and
 * body ask for something of theirs where the placeholders alone do not (`{projectId}`,
 * `{keyId}`, `{cohortId}`, `{insightId}`, `{dashboardId}`, `{annotationId}`, `{shareLinkId}`, `{shareToken}`, `{alertId}`, `{destinationId}`, `{deliveryId}`, `{subscriptionId}`, `{reportId}`, `{runId}`, `{personId}`, `{messageId}`, `{queryId}`, `{quarantineId}`, `{jobId}`, `{scheduleId}` are
 * filled in everywhere); mark it `fresh` when an allowed request takes away what other rows
 * need. Run the test: it prints the row as answered. Pin it only if it is as it should be:
 * the columns none … revoked 401 (403 where only the admin key is good), write 403, stranger 403, 404 or an answer about itself.
 */
export interface Route {
  readonly route: string
  /**
   * By type of key, in the order of `keyTypes`; `202/409` is either, where it depends on
   * what still runs.
   */
  readonly statuses: string
  readonly path?: string
  readonly body?: object | string
  /** Asks for a tenant of its own. */
  readonly fresh?: boolean
}

/**
 * `none`; `wrong`: no key of anybody; `expired`, `revoked`: once secret keys of theirs;
 * `write`: their write key; `stranger`: another tenant's secret key; `service`, `owner`
 * (their secret key), `admin`. In this order they are tried.
 */
export const keyTypes = [
  "none",
  "wrong",
  "expired",
  "revoked",
  "write",
  "stranger",
  "service",
  "owner",
  "admin"
] as const
export type KeyType = (typeof keyTypes)[number]

const event = { type: "track", event: "e", userId: "{marker}" }
const count = {
  kind: "trends",
  from: "2025-01-01T00:00:00Z",
  to: "2025-01-02T00:00:00Z",
  interval: "none",
  series: [{ measure: "total" }]
}
const link = {
  kind: "claim",
  from: "{marker}",
  to: "u",
  messageId: "{messageId}",
  timestamp: "2025-01-01T00:00:00Z"
}

const removal = "018f2a6c-0000-7000-8000-000000000002"

const api: ReadonlyArray<Route> = [
  { route: "GET /livez", statuses: "200 200 200 200 200 200 200 200 200" },
  { route: "GET /readyz", statuses: "200 200 200 200 200 200 200 200 200" },
  { route: "GET /metrics", statuses: "200 200 200 200 200 200 200 200 200" },
  {
    route: "POST /v1/projects",
    statuses: "401 403 403 403 403 403 403 403 201",
    body: { name: "new" }
  },
  { route: "GET /v1/projects", statuses: "401 403 403 403 403 403 403 403 200" },
  {
    route: "GET /v1/projects/{projectId}",
    statuses: "401 401 401 401 403 404 401 200 200"
  },
  {
    route: "PATCH /v1/projects/{projectId}",
    statuses: "401 403 403 403 403 403 403 403 200",
    body: { name: "{marker}" }
  },
  {
    route: "DELETE /v1/projects/{projectId}",
    statuses: "401 403 403 403 403 403 403 403 204",
    fresh: true
  },
  {
    route: "GET /v1/projects/{projectId}/settings",
    statuses: "401 401 401 401 403 404 401 200 200"
  },
  {
    route: "PATCH /v1/projects/{projectId}/settings",
    statuses: "401 401 401 401 403 404 401 200 200",
    body: {}
  },
  {
    route: "POST /v1/projects/{projectId}/keys",
    statuses: "401 401 401 401 403 404 401 201 201",
    body: { kind: "secret", name: "k", scopes: ["query"] }
  },
  {
    route: "GET /v1/projects/{projectId}/keys",
    statuses: "401 401 401 401 403 404 401 200 200"
  },
  {
    route: "POST /v1/keys/{keyId}/rotate",
    statuses: "401 401 401 401 403 404 401 201 409",
    body: {},
    fresh: true
  },
  {
    route: "DELETE /v1/keys/{keyId}",
    statuses: "401 401 401 401 403 404 401 204 204",
    fresh: true
  },
  {
    route: "POST /internal/v1/keys/changes",
    statuses: "401 401 401 401 401 401 200 401 401",
    body: { since: 0 }
  },
  {
    route: "POST /internal/v1/keys/lookup",
    statuses: "401 401 401 401 401 401 200 401 401",
    body: { hash: "a".repeat(64) }
  },
  {
    route: "POST /v1/query",
    statuses: "401 401 401 401 403 200 401 200 403",
    body: count
  },
  {
    route: "POST /v1/query/estimate",
    statuses: "401 401 401 401 403 200 401 200 403",
    body: count
  },
  {
    route: "GET /v1/queries/{id}",
    statuses: "401 401 401 401 403 404 401 200 403",
    path: "/v1/queries/{queryId}"
  },
  {
    route: "DELETE /v1/queries/{id}",
    statuses: "401 401 401 401 403 404 401 204 403",
    path: "/v1/queries/{queryId}"
  },
  {
    route: "GET /v1/audit",
    statuses: "401 401 401 401 403 404 401 200 200",
    path: "/v1/audit?projectId={projectId}"
  },
  { route: "GET /v1/live", statuses: "401 401 401 401 403 200 401 200 403" },
  {
    route: "POST /v1/cohorts",
    statuses: "401 401 401 401 403 201 401 201 403",
    body: { name: "c", definition: { type: "static" } }
  },
  { route: "GET /v1/cohorts", statuses: "401 401 401 401 403 200 401 200 403" },
  {
    route: "GET /v1/cohorts/{cohortId}",
    statuses: "401 401 401 401 403 404 401 200 403"
  },
  {
    route: "PATCH /v1/cohorts/{cohortId}",
    statuses: "401 401 401 401 403 404 401 200 403",
    body: { name: "{marker}" }
  },
  {
    route: "DELETE /v1/cohorts/{cohortId}",
    statuses: "401 401 401 401 403 404 401 204 403",
    fresh: true
  },
  {
    route: "POST /v1/cohorts/{cohortId}/members",
    statuses: "401 401 401 401 403 404 401 200 403",
    body: { ids: ["a"] }
  },
  {
    route: "POST /v1/cohorts/{cohortId}/members/remove",
    statuses: "401 401 401 401 403 404 401 200 403",
    body: { ids: ["a"] }
  },
  {
    route: "GET /v1/people",
    statuses: "401 401 401 401 403 404 401 200 403",
    path: "/v1/people?id={marker}"
  },
  {
    route: "GET /v1/people/{personId}",
    statuses: "401 401 401 401 403 404 401 200 403"
  },
  {
    route: "GET /v1/people/{personId}/timeline",
    statuses: "401 401 401 401 403 200 401 200 403"
  },
  {
    route: "GET /v1/people/{personId}/links",
    statuses: "401 401 401 401 403 404 401 200 403"
  },
  {
    route: "POST /v1/people/links/undo",
    statuses: "401 401 401 401 403 404 401 404 403",
    body: link
  },
  {
    route: "GET /v1/catalogue/events",
    statuses: "401 401 401 401 403 200 401 200 403"
  },
  {
    route: "GET /v1/catalogue/properties",
    statuses: "401 401 401 401 403 200 401 200 403"
  },
  {
    route: "GET /v1/catalogue/values",
    statuses: "401 401 401 401 403 200 401 200 403",
    path: "/v1/catalogue/values?property=plan"
  },
  {
    route: "GET /internal/v1/catalogue",
    statuses: "401 401 401 401 401 401 200 401 401",
    path: "/internal/v1/catalogue?projectId={projectId}"
  },
  {
    route: "POST /internal/v1/catalogue/forget",
    statuses: "401 401 401 401 401 401 200 401 401",
    body: { projectId: "{projectId}" }
  },
  {
    route: "POST /internal/v1/cohorts/refresh",
    statuses: "401 401 401 401 401 401 200 401 401",
    body: { projectId: "{projectId}", cohortId: "{cohortId}", refreshId: removal }
  },
  {
    route: "GET /internal/v1/cohorts",
    statuses: "401 401 401 401 401 401 200 401 401",
    path: "/internal/v1/cohorts?projectId={projectId}"
  },
  {
    route: "POST /internal/v1/query",
    statuses: "401 401 401 401 401 401 200 401 401",
    path: "/internal/v1/query?projectId={projectId}",
    body: count
  },
  ...savedRoutes
]

const ingestion: ReadonlyArray<Route> = [
  ...["track", "page", "screen", "identify", "group", "alias"].map((type) => ({
    route: `POST /v1/${type}`,
    statuses: "401 401 401 401 200 403 401 403 401",
    body: { ...event, type, groupId: "g", previousId: "p" }
  })),
  {
    route: "POST /v1/batch",
    statuses: "401 401 401 401 200 403 401 403 401",
    body: { batch: [event] }
  },
  ...protocolRoutes,
  { route: "GET /t.js", statuses: "200 200 200 200 200 200 200 200 200" },
  { route: "GET /livez", statuses: "200 200 200 200 200 200 200 200 200" },
  { route: "GET /readyz", statuses: "200 200 200 200 200 200 200 200 200" },
  { route: "GET /metrics", statuses: "200 200 200 200 200 200 200 200 200" },
  { route: "GET /v1/accounting", statuses: "401 401 401 401 403 200 401 200 401" },
  {
    route: "GET /v1/messages/{messageId}",
    statuses: "401 401 401 401 403 404 401 200 401"
  },
  { route: "GET /v1/quarantine/", statuses: "401 401 401 401 403 200 401 200 401" },
  {
    route: "POST /v1/quarantine/{id}/replay",
    statuses: "401 401 401 401 403 404 401 409 401",
    path: "/v1/quarantine/{quarantineId}/replay"
  },
  {
    route: "POST /v1/quarantine/replay",
    statuses: "401 401 401 401 403 200 401 200 401"
  },
  {
    route: "GET /v1/schema-violations",
    statuses: "401 401 401 401 403 200 401 200 401"
  },
  {
    route: "GET /internal/v1/watermark",
    statuses: "401 401 401 401 401 401 200 401 401"
  },
  {
    route: "POST /internal/v1/watermark/holds",
    statuses: "401 401 401 401 401 401 201 401 401"
  },
  {
    route: "DELETE /internal/v1/watermark/holds/{holdId}",
    statuses: "401 401 401 401 401 401 200 401 401",
    path: "/internal/v1/watermark/holds/018f2a6c-0000-7000-8000-000000000001"
  },
  {
    route: "GET /internal/v1/shards",
    statuses: "401 401 401 401 401 401 401 401 200"
  },
  {
    route: "PUT /internal/v1/shards",
    statuses: "401 401 401 401 401 401 401 401 200",
    body: { shards: 1 }
  },
  {
    route: "POST /internal/v1/import",
    statuses: "401 401 401 401 401 401 200 401 401",
    path: "/internal/v1/import?projectId={projectId}",
    body: { batch: [] }
  },
  {
    route: "POST /internal/v1/links/search",
    statuses: "401 401 401 401 401 401 200 401 401",
    body: { projectId: "{projectId}", id: "{marker}" }
  },
  {
    route: "POST /internal/v1/links/undo",
    statuses: "401 401 401 401 401 401 404 401 401",
    body: { projectId: "{projectId}", ...link }
  },
  {
    route: "POST /internal/v1/links/compact",
    statuses: "401 401 401 401 401 401 200 401 401",
    body: { projectId: "{projectId}", before: "2025-01-01T00:00:00Z" }
  },
  {
    route: "POST /internal/v1/removals",
    statuses: "401 401 401 401 401 401 200 401 401",
    body: { id: removal, projectId: "{projectId}", kind: "person", ids: ["nobody"] }
  },
  {
    route: "GET /internal/v1/removals/{id}",
    statuses: "401 401 401 401 401 401 200 401 401",
    path: `/internal/v1/removals/${removal}`
  },
  {
    route: "GET /internal/v1/quality",
    statuses: "401 401 401 401 401 401 200 401 401",
    path: "/internal/v1/quality?projectId={projectId}"
  },
  {
    route: "GET /internal/v1/history",
    statuses: "401 401 401 401 401 401 200 401 401",
    path: "/internal/v1/history?projectId={projectId}"
  },
  {
    route: "POST /internal/v1/reconcile",
    statuses: "401 401 401 401 401 401 200 401 401",
    body: { projectId: "{projectId}" }
  },
  {
    route: "GET /internal/v1/reconcile/projects",
    statuses: "401 401 401 401 401 401 200 401 401"
  }
]

export const routes = {
  "analytics-api": api,
  "data-ingestion": ingestion,
  "batch-processor": batchRoutes,
  "ml-inference": modelRoutes,
  "reporting-engine": reportRoutes
}
