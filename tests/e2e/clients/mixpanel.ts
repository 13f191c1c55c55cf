import { init } from "mixpanel"
import {
  allBut,
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
  await Promise.race([told, Bun.sleep(40_000)])
}

const byTrack = (
  mode: string,
  retries: OfficialClient["retries"],
  attempts: number
): OfficialClient => ({
  package: "mixpanel",
  mode,
  retries,
  batch: 1,
  reports: true,
  users: true,
  start: (url, token) => {
    const delivered = new Set<number>()
    const ended: Array<Promise<void>> = []
    const client = at(url, token)
    const track = (n: number, properties: object) =>
      new Promise<boolean>((told) => {
        client.track(SENT, { ...properties, ...of(n) }, (error) =>
          told(error === undefined)
        )
      })
    const deliver = async (n: number) => {
      // One id for every attempt.
      const id = attempts === 1 ? {} : { $insert_id: crypto.randomUUID() }
      for (let attempt = 0; attempt < attempts && !delivered.has(n); attempt++)
        if (await track(n, id)) delivered.add(n)
        else if (attempts > 1) await Bun.sleep(200)
    }
    return {
      delivered,
      send: (n) => {
        ended.push(deliver(n))
      },
      finish: () => inTime(Promise.all(ended))
    }
  }
})

/** One request for each event, by GET. */
export const mixpanel = byTrack("track", nothing, 1)

/** An application that sends again what the callback calls failed. */
export const mixpanelAgain = byTrack("track, again", allBut("reset during"), 300)

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
