import type { Route } from "./routes.ts"

/** Answered to nobody, to the write key, to a stranger, to services, to the owner, to the admin. */
const to = (stranger: string, owner: string, admin: string): string =>
  `401 401 401 401 403 ${stranger} 401 ${owner} ${admin}`

/** Theirs is not there for others. */
const theirs = to("404", "200", "200")

const schedule = { type: "noop", payload: {}, name: "{marker}", cron: "0 0 1 1 *" }

/** Routes of batch-processor. */
export const batchRoutes: ReadonlyArray<Route> = [
  { route: "GET /livez", statuses: "200 200 200 200 200 200 200 200 200" },
  { route: "GET /readyz", statuses: "200 200 200 200 200 200 200 200 200" },
  { route: "GET /metrics", statuses: "200 200 200 200 200 200 200 200 200" },
  {
    route: "POST /v1/uploads",
    statuses: to("403", "201", "201"),
    path: "/v1/uploads?projectId={projectId}"
  },
  {
    route: "POST /v1/jobs",
    statuses: to("422", "202", "202"),
    body: { type: "noop", payload: {}, projectId: "{projectId}" }
  },
  {
    route: "GET /v1/jobs",
    statuses: to("200", "200", "200"),
    path: "/v1/jobs?projectId={projectId}"
  },
  { route: "GET /v1/jobs/{jobId}", statuses: theirs },
  { route: "GET /v1/jobs/{jobId}/events", statuses: theirs },
  { route: "GET /v1/jobs/{jobId}/log", statuses: theirs },
  { route: "GET /v1/jobs/{jobId}/files", statuses: theirs },
  {
    route: "GET /v1/jobs/{jobId}/files/{name}",
    statuses: to("404", "404", "404"),
    path: "/v1/jobs/{jobId}/files/manifest.json"
  },
  { route: "POST /v1/jobs/{jobId}/cancel", statuses: to("404", "409", "409") },
  { route: "POST /v1/jobs/{jobId}/retry", statuses: to("404", "409", "409") },
  { route: "GET /v1/job-types", statuses: to("200", "200", "200") },
  {
    route: "POST /v1/schedules",
    statuses: to("422", "201", "201"),
    body: { ...schedule, projectId: "{projectId}" }
  },
  { route: "GET /v1/schedules", statuses: to("200", "200", "200") },
  { route: "GET /v1/schedules/{scheduleId}", statuses: theirs },
  {
    route: "PATCH /v1/schedules/{scheduleId}",
    statuses: theirs,
    body: { name: "{marker}" }
  },
  { route: "POST /v1/schedules/{scheduleId}/pause", statuses: theirs },
  { route: "POST /v1/schedules/{scheduleId}/resume", statuses: theirs },
  {
    route: "POST /v1/schedules/{scheduleId}/run",
    statuses: to("404", "202", "202/409")
  },
  {
    route: "DELETE /v1/schedules/{scheduleId}",
    statuses: to("404", "204", "404"),
    fresh: true
  },
  {
    route: "PUT /internal/v1/schedules/{scheduleId}",
    statuses: "401 401 401 401 403 403 200 403 200",
    path: "/internal/v1/schedules/{scheduleId}?projectId={projectId}",
    body: schedule,
    fresh: true
  },
  {
    route: "DELETE /internal/v1/schedules/{scheduleId}",
    statuses: "401 401 401 401 403 403 204 403 204",
    path: "/internal/v1/schedules/{scheduleId}?projectId={projectId}",
    fresh: true
  }
]
