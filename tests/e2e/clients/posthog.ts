import { PostHog } from "posthog-node"
import {
  allBut,
  type OfficialClient,
  propertiesOf,
  SENT,
  userOf
} from "./OfficialClient.ts"

interface Message {
  readonly uuid: string
}

const isMessages = (value: unknown): value is ReadonlyArray<Message> =>
  Array.isArray(value) && value.every((one) => typeof one?.uuid === "string")

/** What the library of mode v1 says of what it did not deliver. */
const undelivered = (error: unknown): ReadonlyArray<string> => {
  if (typeof error !== "object" || error === null) return []
  const drops = "drops" in error && isMessages(error.drops) ? error.drops : []
  const exhausted =
    "retryExhausted" in error && Array.isArray(error.retryExhausted)
      ? error.retryExhausted
      : []
  return [...drops.map(({ uuid }) => uuid), ...exhausted]
}

const MODE = "POSTHOG_CAPTURE_MODE"

/** The mode is read from the environment when a client is made, and only there. */
const made = (mode: "v0" | "v1", host: string, key: string): PostHog => {
  const before = process.env[MODE]
  process.env[MODE] = mode
  try {
    return new PostHog(key, {
      host,
      flushAt: 10,
      flushInterval: 20,
      maxBatchSize: 10,
      fetchRetryCount: 300,
      fetchRetryDelay: 200
    })
  } finally {
    if (before === undefined) delete process.env[MODE]
    else process.env[MODE] = before
  }
}

const posthogIn = (
  mode: "v0" | "v1",
  retries: OfficialClient["retries"]
): OfficialClient => ({
  package: "posthog-node",
  mode,
  retries,
  batch: 10,
  reports: true,
  users: true,
  start: (host, key) => {
    const delivered = new Set<number>()
    const failed = new Set<string>()
    const numbers = new Map<string, number>()
    const client = made(mode, host, key)
    client.on("error", (error: unknown) => {
      for (const uuid of undelivered(error)) failed.add(uuid)
    })
    client.on("flush", (messages: unknown) => {
      if (!isMessages(messages)) throw new Error("flush told of something else")
      for (const { uuid } of messages) {
        const n = numbers.get(uuid)
        if (n !== undefined && !failed.has(uuid)) delivered.add(n)
      }
    })
    return {
      delivered,
      send: (n) => {
        const uuid = crypto.randomUUID()
        numbers.set(uuid, n)
        client.capture({
          distinctId: userOf(n),
          event: SENT,
          properties: propertiesOf(n),
          uuid
        })
      },
      // What could not be sent stays queued for another `flush`, or is given up.
      finish: async () => {
        for (let round = 0; round < 10; round++) await client.flush().catch(() => {})
        await client.shutdown(60_000)
      }
    }
  }
})

export const posthog = posthogIn("v0", allBut("400", "401", "refused 401"))
// An answer that breaks off ends its attempts, though it had begun with 200.
export const posthogV1 = posthogIn(
  "v1",
  allBut("400", "401", "413", "reset during", "refused 401", "refused 413")
)
