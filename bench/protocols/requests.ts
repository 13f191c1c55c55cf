/** One event's worth of what every protocol is given to say. */
interface Said {
  readonly n: number
  readonly id: string
  readonly user: string
  readonly name: string
  readonly at: number
}

export interface HttpRequest {
  readonly method: "GET" | "POST"
  /** With its query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Requests {
  /** Events that one request may hold. */
  readonly most: number
  readonly of: (events: ReadonlyArray<Said>) => HttpRequest
}

const KEY = "bench"
const products = [{ sku: "A", price: 1.5 }]
const said = { revenue: 39.9, currency: "USD", products }
const basic = { authorization: `Basic ${btoa(`${KEY}:`)}` }
const json = { "content-type": "application/json" }

const post = (target: string, body: unknown, headers = {}): HttpRequest => ({
  method: "POST",
  target,
  headers: { ...json, ...headers },
  body: JSON.stringify(body)
})

const many = 1000
const iso = (at: number) => new Date(at).toISOString()
const url = "https://shop.test/checkout"

const segment = ({ at, id, name, user }: Said) => ({
  type: "track",
  event: name,
  userId: user,
  messageId: id,
  timestamp: iso(at),
  properties: said,
  context: { library: { name: "bench", version: "1" }, page: { path: "/checkout" } }
})

const amplitude = ({ at, id, name, user }: Said) => ({
  event_type: name,
  user_id: user,
  insert_id: id,
  time: at,
  event_properties: said,
  library: "bench/1",
  platform: "Web"
})

const mixpanel = ({ at, id, name, user }: Said) => ({
  event: name,
  properties: {
    token: KEY,
    distinct_id: user,
    $insert_id: id,
    time: at,
    mp_lib: "bench",
    $lib_version: "1",
    ...said
  }
})

const posthog = ({ at, id, name, user }: Said) => ({
  event: name,
  uuid: id,
  distinct_id: user,
  timestamp: iso(at),
  properties: { ...said, $lib: "bench", $lib_version: "1", $is_server: true }
})

const snowplow = ({ at, id, name, user }: Said) => ({
  e: "ue",
  eid: id,
  p: "srv",
  tv: "bench-1",
  aid: KEY,
  uid: user,
  dtm: String(at),
  stm: String(at),
  ue_pr: JSON.stringify({
    schema: "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",
    data: {
      schema: `iglu:com.acme/${name.toLowerCase().replace(" ", "_")}/jsonschema/1-0-0`,
      data: said
    }
  })
})

const agent = {
  "user-agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
}

const first = (events: ReadonlyArray<Said>): Said => {
  const [event] = events
  if (event === undefined) throw new Error("a request needs an event")
  return event
}

/** What clients of each protocol send, the same events in each. */
export const protocols = {
  segment: {
    most: many,
    of: (events) =>
      events.length === 1
        ? post("/v1/track", segment(first(events)), basic)
        : post(
            "/v1/batch",
            { batch: events.map(segment), sentAt: iso(Date.now()) },
            basic
          )
  },
  native: {
    most: many,
    of: (events) =>
      post(`/v1/events?writeKey=${KEY}`, {
        events: events.map(segment),
        sentAt: iso(Date.now())
      })
  },
  amplitude: {
    most: many,
    of: (events) =>
      post("/2/httpapi", {
        api_key: KEY,
        events: events.map(amplitude),
        client_upload_time: iso(Date.now())
      })
  },
  mixpanel: {
    most: many,
    of: (events) => ({
      method: "POST",
      target: "/track?ip=0&verbose=0",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: `data=${encodeURIComponent(btoa(JSON.stringify(events.map(mixpanel))))}`
    })
  },
  posthog: {
    most: many,
    of: (events) =>
      post("/batch/", {
        api_key: KEY,
        batch: events.map(posthog),
        sent_at: iso(Date.now())
      })
  },
  posthogv1: {
    most: many,
    of: (events) =>
      post(
        "/i/v1/analytics/events",
        { created_at: iso(Date.now()), batch: events.map(posthog) },
        { authorization: `Bearer ${KEY}` }
      )
  },
  snowplow: {
    most: many,
    of: (events) =>
      post("/com.snowplowanalytics.snowplow/tp2", {
        schema: "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
        data: events.map(snowplow)
      })
  },
  plausible: {
    most: 1,
    of: (events) => ({
      ...post("/api/event", {
        n: first(events).name,
        u: url,
        d: KEY,
        w: 1280,
        p: said
      }),
      headers: { "content-type": "text/plain", ...agent }
    })
  },
  umami: {
    most: 1,
    of: (events) => ({
      ...post("/api/send", {
        type: "event",
        payload: {
          website: KEY,
          url: "/checkout",
          hostname: "shop.test",
          name: first(events).name,
          data: said
        }
      }),
      headers: { ...json, ...agent }
    })
  }
} satisfies Readonly<Record<string, Requests>>

export type ProtocolName = keyof typeof protocols

const isProtocol = (name: string): name is ProtocolName =>
  Object.hasOwn(protocols, name)

/** A request of `count` events, of which no two have the same id. */
export const requestOf = (protocol: string, request: number, count: number) => {
  if (!isProtocol(protocol)) throw new Error(`${protocol} is none of the protocols`)
  const at = Date.now()
  return protocols[protocol].of(
    Array.from({ length: count }, (_, event) => {
      const n = request * 31 + event
      return {
        n,
        id: crypto.randomUUID(),
        user: `user-${n % 5000}`,
        name: n % 3 === 0 ? "Order Completed" : "Product Viewed",
        at
      }
    })
  )
}
