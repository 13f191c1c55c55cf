import type { Route } from "./routes.ts"

/** An ONNX file: y is twice x, over rows of two numbers. */
export const doubling = Uint8Array.fromBase64(
  "CAg6WwoTCgF4CgZmYWN0b3ISAXkiA011bBIEdGVzdCoSCgAQAUIGZmFjdG9ySgQAAABAWhQKAXgSDwoNCAESCQoDEgFOCgIIAmIUCgF5Eg8KDQgBEgkKAxIBTgoCCAJCBAoAEBE="
)
const tensor = { name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] }

const series = { values: Array<number>(14).fill(5), interval: "day" }

/** Answered to nobody, to the write key, to a stranger, to services, to the owner, to the admin. */
const to = (stranger: string, service: string, owner: string, admin: string): string =>
  `401 401 401 401 403 ${stranger} ${service} ${owner} ${admin}`

/** Of the key's own project; the keys of the installation have to name one. */
const own = (stranger: string, owner: string): string =>
  to(stranger, "422", owner, "422")

const anybody = "200 200 200 200 200 200 200 200 200"
const model = "/v1/models/m"

/** Routes of ml-inference. Theirs is the model `m` with the version 1, the champion. */
export const modelRoutes: ReadonlyArray<Route> = [
  { route: "GET /livez", statuses: anybody },
  { route: "GET /readyz", statuses: anybody },
  { route: "GET /metrics", statuses: anybody },
  { route: "GET /v2/", statuses: anybody },
  { route: "GET /v2/health/live", statuses: anybody },
  { route: "GET /v2/health/ready", statuses: anybody },
  { route: "PUT /v1/artifacts", statuses: own("200", "200") },
  { route: "POST /v1/models", statuses: own("201", "201"), body: { name: "new" } },
  {
    route: "GET /v1/models",
    statuses: to("403", "200", "200", "200"),
    path: "/v1/models?projectId={projectId}"
  },
  {
    route: "GET /v1/models/{name}",
    statuses: to("403", "200", "200", "200"),
    path: `${model}?projectId={projectId}`
  },
  {
    route: "PATCH /v1/models/{name}",
    statuses: own("404", "200"),
    path: model,
    body: { description: "{marker}" }
  },
  {
    route: "GET /v1/models/{name}/audit",
    statuses: own("404", "200"),
    path: `${model}/audit`
  },
  {
    route: "POST /v1/models/{name}/versions",
    statuses: own("422", "201"),
    path: `${model}/versions`,
    body: { artifact: new Bun.CryptoHasher("sha256").update(doubling).digest("hex") }
  },
  {
    route: "GET /v1/models/{name}/versions",
    statuses: own("404", "200"),
    path: `${model}/versions`
  },
  {
    route: "GET /v1/models/{name}/versions/{version}",
    statuses: own("404", "200"),
    path: `${model}/versions/1`
  },
  {
    route: "POST /v1/models/{name}/versions/{version}/quality",
    statuses: own("404", "201"),
    path: `${model}/versions/1/quality`,
    body: { at: "2025-01-01T00:00:00Z", note: "{marker}" }
  },
  {
    route: "PUT /v1/models/{name}/aliases/{alias}",
    statuses: own("404", "200"),
    path: `${model}/aliases/champion`,
    body: { version: 1 }
  },
  {
    route: "POST /v1/models/{name}/rollback",
    statuses: own("404", "409"),
    path: `${model}/rollback`
  },
  {
    route: "POST /v2/models/{model}/infer",
    statuses: own("404", "200"),
    path: "/v2/models/m/infer",
    body: { inputs: [tensor] }
  },
  {
    route: "POST /v2/models/{model}/versions/{version}/infer",
    statuses: to("403", "200", "200", "200"),
    path: "/v2/models/m/versions/1/infer?projectId={projectId}",
    body: { inputs: [tensor] }
  },
  ...["", "/ready", "/stats"].flatMap(
    (what): ReadonlyArray<Route> => [
      {
        route: `GET /v2/models/{model}${what}`,
        statuses: own("404", "200"),
        path: `/v2/models/m${what}`
      },
      {
        route: `GET /v2/models/{model}/versions/{version}${what}`,
        statuses: own("404", "200"),
        path: `/v2/models/m/versions/1${what}`
      }
    ]
  ),
  { route: "GET /v2/models/stats", statuses: own("200", "200") },
  { route: "POST /v2/repository/index", statuses: own("200", "200") },
  {
    route: "POST /v2/repository/models/{model}/load",
    statuses: own("404", "200"),
    path: "/v2/repository/models/m/load"
  },
  {
    route: "POST /v2/repository/models/{model}/unload",
    statuses: own("404", "200"),
    path: "/v2/repository/models/m/unload"
  },
  {
    route: "POST /v1/forecast",
    statuses: own("200", "200"),
    body: { ...series, horizon: 1 }
  },
  { route: "POST /v1/anomalies", statuses: own("200", "200"), body: series },
  {
    route: "DELETE /v1/models/{name}/aliases/{alias}",
    statuses: own("404", "200"),
    path: `${model}/aliases/champion`
  },
  {
    route: "DELETE /v1/models/{name}/versions/{version}",
    statuses: own("404", "204"),
    path: `${model}/versions/1`
  },
  { route: "DELETE /v1/models/{name}", statuses: own("404", "204"), path: model }
]
