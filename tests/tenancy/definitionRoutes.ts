import type { Route } from "./routes.ts"

/** Of the key's own project; the keys of the installation have to name one. */
const own = (stranger: string, owner: string): string =>
  `401 401 401 401 403 ${stranger} 422 ${owner} 422`

const theirs = own("404", "200")

/** As `POST /v1/reports` takes it. */
export const written = (title: string) => ({
  title,
  sections: [{ type: "markdown", text: title }]
})

/** Routes of reports, their runs and files, in reporting-engine. */
export const definitionRoutes: ReadonlyArray<Route> = [
  { route: "GET /v1/report-templates", statuses: own("200", "200") },
  {
    route: "POST /v1/reports",
    statuses: own("201", "201"),
    body: { definition: written("a report") }
  },
  { route: "GET /v1/reports", statuses: own("200", "200") },
  {
    route: "POST /v1/reports/preview",
    statuses: own("200", "200"),
    path: "/v1/reports/preview?format=csv",
    body: { definition: written("a preview") }
  },
  { route: "GET /v1/reports/{reportId}", statuses: theirs },
  {
    route: "PATCH /v1/reports/{reportId}",
    statuses: own("404", "409"),
    body: { version: 1000, name: "{marker}" }
  },
  { route: "GET /v1/reports/{reportId}/versions", statuses: theirs },
  {
    route: "POST /v1/reports/{reportId}/restore",
    statuses: theirs,
    body: { version: 1 }
  },
  {
    route: "POST /v1/reports/{reportId}/render",
    statuses: theirs,
    path: "/v1/reports/{reportId}/render?format=json"
  },
  { route: "GET /v1/report-runs", statuses: own("200", "200") },
  { route: "GET /v1/report-runs/{runId}", statuses: theirs },
  {
    route: "GET /v1/report-runs/{runId}/files/{format}",
    statuses: theirs,
    path: "/v1/report-runs/{runId}/files/json"
  },
  {
    route: "POST /v1/report-runs/{runId}/links",
    statuses: theirs,
    body: { format: "json" }
  },
  {
    // A key does not stand for a signature.
    route: "GET /v1/files/{projectId}/{runId}/{format}",
    statuses: "403 403 403 403 403 403 403 403 403",
    path: "/v1/files/{projectId}/{runId}/json?expires=9999999999&signature=x"
  },
  { route: "DELETE /v1/reports/{reportId}", statuses: own("404", "204"), fresh: true }
]
