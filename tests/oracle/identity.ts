import type { SentEvent } from "./Model.ts"

const placeholders = new Set([
  ...["", "null", "undefined", "none", "nan", "nil", "[object object]", "anonymous"],
  ...["guest", "unknown", "0", "-1", "true", "false"]
])

const isPlaceholder = (id: string) => {
  const text = id.trim().toLowerCase()
  return placeholders.has(text) || /^0{8}-?(0{4}-?){3}0{12}$/.test(text)
}

/** An id as text, or `undefined` when there is none or it is a placeholder. */
export const realId = (id: string | number | undefined): string | undefined => {
  if (id === undefined) return undefined
  const text = String(id)
  return isPlaceholder(text) ? undefined : text
}

/** What the event belongs to: its userId, else its anonymousId, else it stands alone. */
export const ownId = (event: SentEvent): string =>
  realId(event.userId) ?? realId(event.anonymousId) ?? `\0${event.messageId}`

/**
 * The person of each id, from events in the order (timestamp, messageId). Aliases weld; an
 * anonymous id goes with the user of its earliest link alone.
 */
export const resolvePeople = (events: ReadonlyArray<SentEvent>) => {
  const parents = new Map<string, string>()
  const root = (id: string): string => {
    const parent = parents.get(id)
    return parent === undefined ? id : root(parent)
  }
  const weld = (a: string, b: string) => {
    const [x = a, y = b] = [root(a), root(b)].sort()
    if (x !== y) parents.set(y, x)
  }
  const claimed = new Set<string>()
  for (const event of events) {
    const user = realId(event.userId)
    if (user === undefined) continue
    if (event.type === "alias") {
      const previous = realId(event.previousId)
      if (previous !== undefined) weld(previous, user)
      continue
    }
    const anonymous = realId(event.anonymousId)
    if (anonymous === undefined || claimed.has(anonymous)) continue
    claimed.add(anonymous)
    weld(anonymous, user)
  }
  return root
}
