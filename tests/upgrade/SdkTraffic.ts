import { Analytics } from "@segment/analytics-node"

/**
 * An official client that resends by itself until it is answered, as an application has one.
 * What it says to be delivered counts.
 */
export const sdkTraffic = (host: string, writeKey: string) => {
  const sent = new Set<string>()
  const given: Array<string> = []
  let running = true
  const analytics = new Analytics({
    writeKey,
    host,
    flushAt: 10,
    flushInterval: 200,
    maxRetries: 100,
    httpRequestTimeout: 20_000
  })
  analytics.on("error", ({ reason }) => given.push(String(reason)))
  const loop = (async () => {
    for (let n = 0; running; n++) {
      const messageId = crypto.randomUUID()
      analytics.track(
        { userId: `sdk-${n % 50}`, event: "live", messageId },
        (error) => {
          if (error === undefined) sent.add(messageId)
        }
      )
      await Bun.sleep(25)
    }
  })()
  return {
    /** Message ids that were delivered. */
    sent,
    /** What it gave up. */
    given,
    stop: async () => {
      running = false
      await loop
      await analytics.closeAndFlush({ timeout: 120_000 })
    }
  }
}
