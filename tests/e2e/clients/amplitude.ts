import { createInstance, Types } from "@amplitude/analytics-node"
import {
  allBut,
  type OfficialClient,
  propertiesOf,
  SENT,
  userOf
} from "./OfficialClient.ts"

const amplitudeAt = (path: string, mode?: string): OfficialClient => ({
  package: "@amplitude/analytics-node",
  ...(mode === undefined ? {} : { mode }),
  // A connection that breaks before a byte of an answer ends its attempts; 400 and 401
  // end them only in Amplitude's own words.
  retries: allBut("reset before", "reset after", "refused 401"),
  batch: 10,
  reports: true,
  users: true,
  start: (url, apiKey) => {
    const delivered = new Set<number>()
    const ended: Array<Promise<void>> = []
    const amplitude = createInstance()
    amplitude.init(apiKey, {
      serverUrl: `${url}${path}`,
      flushQueueSize: 10,
      flushIntervalMillis: 20,
      logLevel: Types.LogLevel.None
    })
    return {
      delivered,
      send: (n) => {
        const user = { user_id: userOf(n) }
        const sent = amplitude.track(SENT, propertiesOf(n), user)
        ended.push(
          sent.promise.then(({ code }) => {
            if (code === 200) delivered.add(n)
          })
        )
      },
      // Its `flush` would be the last attempt for everything that is not through.
      finish: async () => {
        await Promise.all(ended)
      }
    }
  }
})

export const amplitude = amplitudeAt("/2/httpapi")
export const amplitudeBatch = amplitudeAt("/batch", "useBatch")
