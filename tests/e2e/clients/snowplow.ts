import { buildSelfDescribingEvent, newTracker } from "@snowplow/node-tracker"
import { allBut, type OfficialClient, propertiesOf, userOf } from "./OfficialClient.ts"

const SCHEMA = "iglu:test.example/item_sent/jsonschema/1-0-0"

const snowplowBy = (eventMethod: "get" | "post", batch: number): OfficialClient => ({
  package: "@snowplow/node-tracker",
  mode: eventMethod,
  retries: allBut("400", "401", "refused 401", "refused 413"),
  batch,
  reports: true,
  users: true,
  start: (url, appId) => {
    const delivered = new Set<number>()
    const numbers = new Map<unknown, number>()
    const ended = new Set<number>()
    const { hostname, port } = new URL(url)
    const told = (events: ReadonlyArray<{ readonly [name: string]: unknown }>) =>
      events.flatMap(({ eid }) => numbers.get(eid) ?? [])
    const tracker = newTracker(
      { namespace: "t", appId, encodeBase64: eventMethod === "get" },
      {
        endpoint: hostname,
        port: Number(port),
        protocol: "http",
        eventMethod,
        bufferSize: batch,
        // Bytes, which is all that bounds a request.
        maxPostBytes: 5000,
        onRequestSuccess: (events) => {
          for (const n of told(events)) {
            delivered.add(n)
            ended.add(n)
          }
        },
        onRequestFailure: ({ events, willRetry }) => {
          if (!willRetry) for (const n of told(events)) ended.add(n)
        }
      }
    )
    return {
      delivered,
      send: (n) => {
        tracker.setUserId(userOf(n))
        const event = { schema: SCHEMA, data: propertiesOf(n) }
        const payload = tracker.track(buildSelfDescribingEvent({ event }))
        numbers.set(payload?.["eid"], n)
      },
      // It stops at the first failure, until the next event or `flush`.
      finish: async () => {
        const end = Date.now() + 60_000
        while (ended.size < numbers.size) {
          if (Date.now() > end) throw new Error("snowplow did not come to an end")
          await tracker.flush()
          await Bun.sleep(10)
        }
      }
    }
  }
})

export const snowplow = snowplowBy("post", 10)
export const snowplowGet = snowplowBy("get", 1)
