import type { JsonObject } from "../ExactJson.ts"
import type { InboxEvent } from "../InboxEvent.ts"

/** What a client's context says of who a visitor is, or of their device alone. */
const PERSONAL = new Set([
  "ip",
  "traits",
  "device",
  "location",
  "sessionId",
  "externalId",
  "groupId",
  "userId",
  "anonymousId"
])

/**
 * What happened, without who: no ids, no address, no traits. Such an event belongs to
 * nobody, as one with a placeholder does. `undefined` for events that only say who, and
 * for what is malformed, of which nobody knows what says who.
 */
export const anonymous = (event: InboxEvent): InboxEvent | undefined => {
  if (event.q === "malformed") return undefined
  if (event.y === "identify" || event.y === "group" || event.y === "alias")
    return undefined
  const { a: _, u: __, v: ___, g: ____, gt: _____, ip: ______, c, ...rest } = event
  return c === undefined ? rest : { ...rest, c: impersonal(c) }
}

const impersonal = (context: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(context).filter(([name]) => !PERSONAL.has(name)))
