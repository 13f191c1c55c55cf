import type { PlainEvent } from "../protocols/Protocol.ts"
import { Refusal } from "../segment/SegmentEvent.ts"
import type { Mapped } from "./Mapped.ts"

const eventOf = ({ fields, type }: PlainEvent) => ({ type, ...fields })

/** What an adapter of a protocol made of an item, as what a row of a file makes. */
export const mappedOf = (
  read: ReadonlyArray<PlainEvent> | PlainEvent | Refusal
): Mapped => {
  if (read instanceof Refusal) return { reason: read.reason }
  return "length" in read ? { events: read.map(eventOf) } : { event: eventOf(read) }
}
