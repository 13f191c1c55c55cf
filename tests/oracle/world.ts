import { ownId, realId, resolvePeople } from "./identity.ts"
import type { Json, OracleEvent, SentEvent, World } from "./Model.ts"

const storedName = (event: SentEvent): string => {
  switch (event.type) {
    case "track":
      return event.event ?? ""
    case "page":
      return "$pageview"
    default:
      return `$${event.type}`
  }
}

/** Orders by time, then by the bytes of the message id. */
export const inOrder = (
  a: { readonly at: number; readonly messageId: string },
  b: { readonly at: number; readonly messageId: string }
): number => a.at - b.at || (a.messageId < b.messageId ? -1 : 1)

/** What is known after the events arrived in this order: the first of a message id wins. */
export const worldOf = (sent: ReadonlyArray<SentEvent>): World => {
  const first = new Map<string, SentEvent>()
  for (const event of sent)
    if (!first.has(event.messageId)) first.set(event.messageId, event)
  const kept = [...first.values()]
    .map((event) => ({
      event,
      at: Date.parse(event.timestamp),
      messageId: event.messageId
    }))
    .sort(inOrder)
  const person = resolvePeople(kept.map(({ event }) => event))
  const traits = new Map<string, Record<string, Json>>()
  const ids = new Map<string, Set<string>>()
  const events = kept.map(({ event, at, messageId }): OracleEvent => {
    const owner = person(ownId(event))
    const mine = ids.get(owner) ?? new Set()
    ids.set(owner, mine)
    for (const id of [event.userId, event.anonymousId]) {
      const text = realId(id)
      if (text === undefined) continue
      const other = person(text)
      const theirs = ids.get(other) ?? new Set()
      ids.set(other, theirs.add(text))
    }
    if (event.type === "identify")
      traits.set(owner, { ...traits.get(owner), ...event.traits })
    const named =
      event.name !== undefined && (event.type === "page" || event.type === "screen")
        ? { name: event.name }
        : {}
    return {
      messageId,
      at,
      person: owner,
      type: event.type,
      name: storedName(event),
      userId: event.userId === undefined ? null : String(event.userId),
      anonymousId: event.anonymousId ?? null,
      properties: { ...event.properties, ...named },
      context: event.context ?? {},
      activity: ["track", "page", "screen"].includes(event.type)
    }
  })
  return { events, traits, ids }
}
