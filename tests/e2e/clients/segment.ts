import { Analytics } from "@segment/analytics-node"
import {
  allBut,
  type OfficialClient,
  propertiesOf,
  SENT,
  userOf
} from "./OfficialClient.ts"

export const segment: OfficialClient = {
  package: "@segment/analytics-node",
  retries: allBut("400", "401", "413", "refused 401", "refused 413"),
  batch: 10,
  reports: true,
  users: true,
  start: (host, writeKey) => {
    const delivered = new Set<number>()
    const analytics = new Analytics({
      writeKey,
      host,
      flushAt: 10,
      flushInterval: 50,
      maxRetries: 10
    })
    return {
      delivered,
      send: (n) =>
        analytics.track(
          { userId: userOf(n), event: SENT, properties: propertiesOf(n) },
          (error) => {
            if (error === undefined) delivered.add(n)
          }
        ),
      finish: () => analytics.closeAndFlush({ timeout: 60_000 })
    }
  }
}
