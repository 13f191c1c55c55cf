import type { Route } from "./routes.ts"

/** A vendor's clients may know one status for all that is wrong with a key. */
const sends400 = "400 400 400 400 200 400 400 400 400"

/** Only a write key sends; another's secret key is as good as theirs: none. */
const sends = "401 401 401 401 200 403 401 403 401"

const post = (path: string, body: object): Route => ({
  route: `POST ${path}`,
  statuses: sends,
  body
})

const get = (path: string, query = ""): Route => ({
  route: `GET ${path}`,
  statuses: sends,
  path: `${path}${query}`
})

const user = { user_id: "{marker}" }
const company = { group_type: "t", group_value: "{marker}", group_properties: { a: 1 } }
const profile = { $distinct_id: "{marker}", $set: { a: 1 } }
const base64 = (value: object) =>
  `?data=${encodeURIComponent(btoa(JSON.stringify(value)))}`

/** The endpoints of other vendors' protocols, and of our own. */
export const protocolRoutes: ReadonlyArray<Route> = [
  post("/v1/events", { events: [{ type: "page", userId: "{marker}" }] }),
  {
    route: "GET /v1/projects/{project}/settings",
    statuses: sends,
    path: "/v1/projects/x/settings"
  },
  get("/sourceConfig"),
  post("/com.snowplowanalytics.snowplow/tp2", { data: [{ e: "pv", uid: "{marker}" }] }),
  get("/com.snowplowanalytics.snowplow/tp2", "?e=pv&uid={marker}"),
  get("/i", "?e=pv&uid={marker}"),
  ...[
    post("/2/httpapi", { events: [{ event_type: "e", ...user }] }),
    post("/batch", { batch: [{ event: "e", distinct_id: "{marker}" }] }),
    post("/identify", { identification: [user] }),
    get("/identify", `?identification=${encodeURIComponent(JSON.stringify([user]))}`),
    post("/groupidentify", { identification: [company] }),
    get(
      "/groupidentify",
      `?identification=${encodeURIComponent(JSON.stringify([company]))}`
    )
  ].map((route) => ({ ...route, statuses: sends400 })),
  post("/track", [{ event: "e", properties: { distinct_id: "{marker}" } }]),
  get("/track", base64({ event: "e", properties: { distinct_id: "{marker}" } })),
  post("/import", [{ event: "e", properties: { time: 1, distinct_id: "{marker}" } }]),
  get("/import", base64({ event: "e", properties: { distinct_id: "{marker}" } })),
  ...["/engage", "/groups"].flatMap((path) => [
    post(path, [profile]),
    get(path, base64(profile))
  ]),
  post("/i/v0/e", { event: "e", distinct_id: "{marker}" }),
  get("/i/v0/e", base64({ event: "e", distinct_id: "{marker}" })),
  post("/i/v1/analytics/events", { batch: [] }),
  post("/flags", { distinct_id: "{marker}" }),
  post("/s", []),
  ...["surveys", "web_experiments", "early_access_features", "product_tours"].map(
    (name) => get(`/api/${name}`)
  ),
  {
    route: "GET /array/{token}/config",
    statuses: sends,
    path: "/array/x/config"
  },
  {
    ...post("/api/event", { n: "pageview", u: "https://x.test/", d: "x.test" }),
    statuses: "401 401 401 401 202 403 401 403 401"
  },
  post("/api/send", { type: "event", payload: { website: "x", url: "/" } }),
  post("/api/batch", [{ type: "event", payload: { website: "x", url: "/" } }])
]
