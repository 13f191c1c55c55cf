import type { InboxEvent } from "./InboxEvent.ts"
import { isPlaceholder } from "./Placeholders.ts"

/**
 * One row of the identity ledger. A `claim` says that the anonymous id `from` belongs to
 * the user `to`; an `alias` that both are one person. Times are milliseconds since 1970.
 */
export interface Link {
  readonly kind: "claim" | "alias"
  readonly from: string
  readonly to: string
  readonly timestamp: number
  readonly messageId: string
  readonly knownAt: number
  /** From here on the link counts no more: somebody undid it. Known like `knownAt`. */
  readonly undoneAt?: number
}

/** Whether the link counts at an instant of knowledge. */
export const countsAt = ({ knownAt, undoneAt }: Link, instant: number): boolean =>
  knownAt <= instant && (undoneAt === undefined || instant < undoneAt)

/** `id` if it names somebody. */
const real = (id: string | undefined): string | undefined =>
  id === undefined || isPlaceholder(id) ? undefined : id

/**
 * The id whose person an event belongs to: its userId, else its anonymousId, else one
 * that no other event can have, made of a NUL and the messageId.
 */
export const idOf = (event: InboxEvent): string =>
  real(event.u) ?? real(event.a) ?? `\0${event.m}`

/** The link that an event makes, if any. */
export const linkOf = (event: InboxEvent, knownAt: number): Link | undefined => {
  const to = real(event.u)
  if (to === undefined) return undefined
  const kind = event.y === "alias" ? "alias" : "claim"
  const from = real(kind === "alias" ? event.v : event.a)
  if (from === undefined || from === to) return undefined
  // Postgres' text cannot hold a NUL, and no real id has one.
  if (from.includes("\0") || to.includes("\0")) return undefined
  return { kind, from, to, timestamp: event.t, messageId: event.m, knownAt }
}

/** Event time, then the bytes of the messageId: the one order in which links count. */
export const compareLinks = (a: Link, b: Link): number =>
  a.timestamp - b.timestamp || compareBytes(a.messageId, b.messageId)

/** Order of the UTF-8 bytes, which for characters beyond the BMP is not that of `<`. */
export const compareBytes = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
