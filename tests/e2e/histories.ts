import { gunzipSync, gzipSync } from "node:zlib"
import { createInstance, Types } from "@amplitude/analytics-node"
import { zipSync } from "fflate"
import { init } from "mixpanel"
import { PostHog } from "posthog-node"

/** A request as an official client sent it. */
export interface Recorded {
  readonly url: URL
  readonly body: string
}

interface Item {
  readonly [name: string]: unknown
}

/** A vendor whose client sends live what its export holds, too. */
export interface History {
  readonly from: string
  /** Sends events `Item Sent` of ten people with the numbers below `count`. */
  readonly live: (url: string, key: string, count: number) => Promise<void>
  /** The vendor's export of what those requests held. */
  readonly exportOf: (sent: ReadonlyArray<Recorded>) => Uint8Array<ArrayBuffer>
}

export const SENT = "Item Sent"

/** Passes requests on, and keeps what they held. */
export const recorder = (target: string) => {
  const sent: Array<Recorded> = []
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const url = new URL(request.url)
      const body = await request.bytes()
      const isPacked = body[0] === 0x1f && body[1] === 0x8b
      sent.push({
        url,
        body: (isPacked ? gunzipSync(body) : Buffer.from(body)).toString()
      })
      const { headers, method } = request
      headers.delete("host")
      return fetch(`${target}${url.pathname}${url.search}`, {
        method,
        headers,
        ...(method === "GET" ? {} : { body })
      })
    }
  })
  return { sent, url: server.url.origin, stop: () => server.stop(true) }
}

const lines = (rows: ReadonlyArray<object>): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join("")

const itemsOf = (body: string, list: string): ReadonlyArray<Item> =>
  JSON.parse(body)[list]

const amplitude: History = {
  from: "amplitude",
  live: async (url, key, count) => {
    const client = createInstance()
    client.init(key, {
      serverUrl: `${url}/2/httpapi`,
      flushQueueSize: count,
      flushIntervalMillis: 20,
      logLevel: Types.LogLevel.None
    })
    const sent = Array.from({ length: count }, (_, n) =>
      client.track(SENT, { n }, { user_id: `u${n % 10}` })
    )
    for (const { promise } of sent) await promise
  },
  // A zip with a packed file for each hour; two, so that there are several.
  exportOf: (sent) => {
    const rows = sent
      .flatMap(({ body }) => itemsOf(body, "events"))
      .map(({ insert_id, library, time, ...item }) => ({
        ...item,
        $insert_id: insert_id,
        uuid: crypto.randomUUID(),
        event_time: new Date(Number(time)).toISOString().replace(/T(.*)Z/u, " $1000"),
        server_upload_time: "2026-11-23 10:00:00.000000",
        library,
        groups: {},
        user_properties: {},
        data: {},
        amplitude_id: 1
      }))
    const half = Math.floor(rows.length / 2)
    return zipSync({
      "1/1_2026-11-23_9#1.json.gz": gzipSync(lines(rows.slice(0, half))),
      "1/1_2026-11-23_10#1.json.gz": gzipSync(lines(rows.slice(half)))
    })
  }
}

const mixpanel: History = {
  from: "mixpanel",
  live: async (url, key, count) => {
    const client = init(key, { protocol: "http", host: new URL(url).host })
    const events = Array.from({ length: count }, (_, n) => ({
      event: SENT,
      properties: {
        n,
        distinct_id: `u${n % 10}`,
        time: Math.floor(Date.now() / 1000),
        // Without one Mixpanel makes its own, which nobody else knows.
        $insert_id: crypto.randomUUID()
      }
    }))
    await new Promise<void>((end, fail) => {
      client.track_batch(events, (errors) => {
        if (errors) fail(errors[0])
        else end()
      })
    })
  },
  exportOf: (sent) =>
    gzipSync(
      lines(
        sent.flatMap(({ body }) => {
          const data = new URLSearchParams(body).get("data")
          return data === null ? JSON.parse(body) : JSON.parse(textOf(data))
        })
      )
    )
}

/** JSON, or the base64 of it. */
const textOf = (data: string): string =>
  data.startsWith("[") ? data : Buffer.from(data, "base64").toString()

const posthog: History = {
  from: "posthog",
  live: async (host, key, count) => {
    const client = new PostHog(key, { host, flushAt: count, flushInterval: 20 })
    for (let n = 0; n < count; n++)
      client.capture({ distinctId: `u${n % 10}`, event: SENT, properties: { n } })
    await client.shutdown()
  },
  exportOf: (sent) =>
    Uint8Array.from(
      Buffer.from(
        lines(
          sent
            .filter(({ body }) => body.includes('"batch"'))
            .flatMap(({ body }) => itemsOf(body, "batch"))
            .map(({ distinct_id, event, properties, timestamp, uuid }) => ({
              uuid,
              event,
              distinct_id,
              properties,
              timestamp,
              created_at: timestamp,
              team_id: 1,
              elements_chain: "",
              person_id: crypto.randomUUID(),
              person_properties: {}
            }))
        )
      )
    )
}

export const histories: ReadonlyArray<History> = [amplitude, mixpanel, posthog]
