import type { Waiting } from "./Outbox.ts"
import type { Trouble } from "./options.ts"
import type { Platform } from "./Platform.ts"

/** What came of one request. */
export type Outcome =
  /** Nothing is left to do; `troubles` are events that were not taken. */
  | { readonly kind: "done"; readonly troubles: ReadonlyArray<Trouble> }
  /** Too large: the same events in two requests may be taken. */
  | { readonly kind: "split" }
  /** To be sent again, in so many milliseconds at the least. */
  | { readonly kind: "again"; readonly after: number; readonly detail: string }

export interface Target {
  readonly url: string
  readonly headers: Record<string, string>
  /** Milliseconds. */
  readonly timeout: number
  /** Whether a page may end while its request is on its way. */
  readonly keepalive: boolean
  /** Ends what is on its way. */
  readonly end: AbortSignal
}

/** What browsers let outlive a page, in bytes, of all its requests at once. */
const MOST_KEPT_ALIVE = 60_000
/** Whatever `Retry-After` says; a timer of more than 24 days would end at once. */
const MOST_WAIT = 86_400_000

/** Sends a batch once. Never rejects. */
export const deliver = async (
  batch: ReadonlyArray<Waiting>,
  { end, headers, keepalive, timeout, url }: Target,
  { after, fetch, now }: Pick<Platform, "after" | "fetch" | "now">
): Promise<Outcome> => {
  const sentAt = new Date(now()).toISOString()
  const body = `{"events":[${batch.map(({ text }) => text).join()}],"sentAt":"${sentAt}"}`
  const bytes = batch.reduce((sum, entry) => sum + entry.bytes + 1, 0)
  const controller = new AbortController()
  const abort = () => controller.abort(new Error("it took too long"))
  const cancel = after(timeout, abort)
  end.addEventListener("abort", abort)
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body,
      keepalive: keepalive && bytes < MOST_KEPT_ALIVE,
      signal: controller.signal
    })
    return outcomeOf(
      response.status,
      response.headers,
      await response.text(),
      batch,
      now
    )
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return { kind: "again", after: 0, detail: `no answer: ${detail}` }
  } finally {
    cancel()
    end.removeEventListener("abort", abort)
  }
}

const outcomeOf = (
  status: number,
  headers: Headers,
  text: string,
  batch: ReadonlyArray<Waiting>,
  now: () => number
): Outcome => {
  if (status >= 200 && status < 300)
    return typeof fieldOf(jsonIn(text), "accepted") === "number"
      ? { kind: "done", troubles: rejectedIn(text, batch) }
      : // A page to sign in at, where a proxy sent us: it took nothing.
        { kind: "again", after: 0, detail: `${status}, but not by the service` }
  const isBusy = status === 408 || status === 425 || status === 429 || status >= 500
  const detail = detailIn(text) ?? `the service answered ${status}`
  if (isBusy)
    return { kind: "again", after: waitOf(headers.get("retry-after"), now()), detail }
  if (status === 413 && batch.length > 1) return { kind: "split" }
  const events = batch.map(({ event }) => event)
  return { kind: "done", troubles: [{ kind: "refused", status, detail, events }] }
}

/** Milliseconds; `Retry-After` holds seconds or a date. */
const waitOf = (header: string | null, now: number): number => {
  if (header === null) return 0
  const seconds = Number(header)
  const wait = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000
  return Number.isNaN(wait) ? 0 : Math.min(MOST_WAIT, Math.max(0, wait))
}

const rejectedIn = (
  text: string,
  batch: ReadonlyArray<Waiting>
): ReadonlyArray<Trouble> => {
  const rejected = fieldOf(jsonIn(text), "rejected")
  if (!Array.isArray(rejected)) return []
  return rejected.flatMap((each: unknown) => {
    const entry = batch[Number(fieldOf(each, "index"))]
    const detail = String(fieldOf(each, "reason") ?? "rejected")
    return entry === undefined
      ? []
      : [{ kind: "rejected" as const, detail, events: [entry.event] }]
  })
}

const detailIn = (text: string): string | undefined => {
  const detail = fieldOf(jsonIn(text), "detail")
  return typeof detail === "string" ? detail : undefined
}

const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && name in value
    ? Object.entries(value).find(([each]) => each === name)?.[1]
    : undefined
