import type { Accounting, Client } from "../Client.ts"
import { type Fault, flakyProxy, type Seen } from "../FlakyProxy.ts"
import { type FaultName, type OfficialClient, propertiesOf } from "./OfficialClient.ts"
import { refused } from "./refused.ts"

/** What a library said, and what was found in the store. */
export interface Delivery {
  readonly sent: number
  readonly delivered: ReadonlySet<number>
  /** How often each number is stored. */
  readonly stored: ReadonlyMap<number, number>
  /** Numbers that are stored with other properties than were sent. */
  readonly changed: ReadonlyArray<number>
  readonly people: number
  readonly seen: ReadonlyArray<Seen>
  readonly accounting: Accounting
}

/** What the proxy does, once for each. */
export const faultsOf = (name: FaultName): Fault => {
  switch (name) {
    case "reset before":
      return { kind: "cut", when: "before" }
    case "reset during":
      return { kind: "cut", when: "during" }
    case "reset after":
      return { kind: "cut", when: "after" }
    // Longer than the clients wait for an answer, save those that wait for ever.
    case "delay":
      return { kind: "delay", ms: 11_000 }
    case "refused 429":
    case "refused 503":
    case "refused 413":
    case "refused 401":
      return { kind: "respond", respond: refused(Number(name.slice(-3))) }
    default: {
      const status = Number.parseInt(name, 10)
      const headers = { "retry-after": "1", "content-type": "text/html" }
      return name.endsWith("without body")
        ? { kind: "answer", status }
        : { kind: "answer", status, headers, body: "<html></html>" }
    }
  }
}

type Members = Readonly<Record<string, unknown>>

interface StoredEvent {
  readonly messageId: string
  readonly event: string
  readonly type: string
  readonly userId: string | null
  readonly personId: string
  readonly properties: Members
}

/** All events of a project, whatever their time. */
export const storedEvents = async (
  client: Client,
  project: Parameters<Client["query"]>[0]
): Promise<ReadonlyArray<StoredEvent>> => {
  const range = { from: "2000-01-01T00:00:00Z", to: "2030-01-01T00:00:00Z" }
  const answer = await client.query(project, {
    kind: "events",
    limit: 1000,
    // What a server library calls itself is nobody's browser.
    includeBots: true,
    ...range
  })
  if (answer.status !== 200) throw new Error(`events: ${JSON.stringify(answer)}`)
  const { result } = answer.body as {
    result: { events: ReadonlyArray<StoredEvent>; nextCursor: string | null }
  }
  if (result.events.length >= 1000) throw new Error("more events than one page has")
  return result.events
}

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null

/** The properties that were sent, wherever among those that are stored. */
const sentIn = (properties: Members): Members | undefined =>
  "n" in properties
    ? properties
    : Object.values(properties)
        .filter(isMembers)
        .map(sentIn)
        .find((found) => found !== undefined)

/**
 * Sends `count` events through a proxy that fails as planned, waits until the library is
 * done and everything that was acknowledged is stored, and counts.
 */
export const deliver = async (
  client: Client,
  official: OfficialClient,
  count: number,
  faults: ReadonlyArray<Fault>,
  during: (n: number) => Promise<void> | undefined = () => undefined
): Promise<Delivery> => {
  const project = await client.createProject(official.package)
  using proxy = await flakyProxy(client.ingestion)
  proxy.next(...faults)
  const run = official.start(proxy.url, project.writeKey)
  for (let n = 0; n < count; n++) {
    run.send(n)
    await during(n)
  }
  await run.finish()
  const accounting = await client.settled(project)
  const events = await storedEvents(client, project)
  const stored = new Map<number, number>()
  const changed: Array<number> = []
  for (const { properties } of events) {
    const found = sentIn(properties)
    const n = Number(found?.["n"])
    stored.set(n, (stored.get(n) ?? 0) + 1)
    const { even, text } = propertiesOf(n)
    if (found?.["text"] !== text || found["even"] !== even) changed.push(n)
  }
  const people = new Set(events.map(({ personId }) => personId)).size
  const seen = proxy.seen()
  const { delivered } = run
  return { sent: count, delivered, stored, changed, people, seen, accounting }
}
