import { init } from "mixpanel"
import {
  nothing,
  type OfficialClient,
  propertiesOf,
  SENT,
  userOf
} from "./OfficialClient.ts"

const of = (n: number) => ({ distinct_id: userOf(n), ...propertiesOf(n) })

const at = (url: string, token: string) =>
  init(token, { protocol: "http", host: new URL(url).host })

/** An answer that breaks off is never told of at all. */
const inTime = async (told: Promise<unknown>) => {
  await Promise.race([told, Bun.sleep(5000)])
}

/** One request for each event, by GET. */
export const mixpanel: OfficialClient = {
  package: "mixpanel",
  mode: "track",
  retries: nothing,
  batch: 1,
  reports: true,
  users: true,
  start: (url, token) => {
    const delivered = new Set<number>()
    const ended: Array<Promise<void>> = []
    const client = at(url, token)
    return {
      delivered,
      send: (n) => {
        ended.push(
          new Promise((end) => {
            client.track(SENT, of(n), (error) => {
              if (error === undefined) delivered.add(n)
              end()
            })
          })
        )
      },
      finish: () => inTime(Promise.all(ended))
    }
  }
}

/** Up to 50 events in a form. */
export const mixpanelBatch: OfficialClient = {
  package: "mixpanel",
  mode: "track_batch",
  retries: nothing,
  batch: 10,
  reports: true,
  users: true,
  start: (url, token) => {
    const delivered = new Set<number>()
    const waiting: Array<number> = []
    const client = at(url, token)
    const sendBatch = (numbers: ReadonlyArray<number>) =>
      new Promise<void>((end) => {
        client.track_batch(
          numbers.map((n) => ({ event: SENT, properties: of(n) })),
          (errors) => {
            if (errors === null || errors === undefined)
              for (const n of numbers) delivered.add(n)
            end()
          }
        )
      })
    return {
      delivered,
      send: (n) => {
        waiting.push(n)
      },
      finish: async () => {
        while (waiting.length > 0) await inTime(sendBatch(waiting.splice(0, 10)))
      }
    }
  }
}
