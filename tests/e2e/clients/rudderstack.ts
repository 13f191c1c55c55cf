import RudderStack from "@rudderstack/rudder-sdk-node"
import {
  allBut,
  type OfficialClient,
  propertiesOf,
  SENT,
  userOf
} from "./OfficialClient.ts"

export const rudderstack: OfficialClient = {
  package: "@rudderstack/rudder-sdk-node",
  retries: allBut("400", "401", "413", "reset during", "refused 401", "refused 413"),
  batch: 10,
  reports: true,
  users: true,
  start: (dataPlaneUrl, writeKey) => {
    const delivered = new Set<number>()
    const ended: Array<Promise<void>> = []
    const analytics = new RudderStack(writeKey, {
      dataPlaneUrl,
      flushAt: 10,
      flushInterval: 50,
      gzip: true,
      retryCount: 10,
      logLevel: "none",
      // Without it, what is not delivered is thrown where nobody can catch it.
      errorHandler: () => {}
    })
    return {
      delivered,
      send: (n) => {
        const message = { userId: userOf(n), event: SENT, properties: propertiesOf(n) }
        ended.push(
          new Promise((end) => {
            analytics.track(message, (error?: Error) => {
              if (error === undefined) delivered.add(n)
              end()
            })
          })
        )
      },
      finish: async () => {
        await analytics.flush().catch(() => {})
        await Promise.all(ended)
      }
    }
  }
}
