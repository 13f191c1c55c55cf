import type { Browser, Event } from "./Browser.ts"

/** The most events that wait; the oldest goes when there are more. */
const MOST_WAITING = 500
/** Events and bytes of a request: what outlives its page may have 64 KiB. */
const MOST_OF_BATCH = 100
const BATCH_BYTES = 50_000
/** What the service takes of one event, in bytes. */
const MOST_EVENT_BYTES = 32_000
/** Milliseconds in which further events join a request. */
const PAUSE = 300
const MOST_PAUSE = 300_000
/** Whatever `Retry-After` says; a timer of more than 24 days would end at once. */
const MOST_WAIT = 86_400_000
const PATIENCE = 30_000
/** In a row; then the next event, or being online again, begins anew. */
const MOST_FAILURES = 12

export interface Queue {
  readonly add: (event: Event) => void
  /** `leaving`: all at once, since the page may end now. */
  readonly flush: (leaving?: boolean) => void
  readonly save: () => void
  /** Takes the id of the device out of what is not sent yet. */
  readonly anonymise: () => void
  readonly clear: () => void
}

/**
 * Events until the service has them: an event leaves when a request with it is answered,
 * and has one `messageId` in all requests, so that none is stored twice.
 */
export const makeQueue = (
  { clearTimeout, fetch, navigator, setTimeout }: Browser,
  endpoint: string,
  save: (events: ReadonlyArray<Event>) => void,
  drop: (count: number) => void
): Queue => {
  let events: Array<Event> = []
  const open = new Set<Event>()
  let most = MOST_OF_BATCH
  let failures = 0
  let timer = 0
  const bytesOf = (text: string) => new TextEncoder().encode(text).length

  const settle = (
    batch: ReadonlyArray<Event>,
    status: number,
    after?: string | null
  ) => {
    for (const event of batch) open.delete(event)
    const isOver = status > 399 && status < 500 && status !== 408 && status !== 429
    if (status === 413 && batch.length > 1) most = batch.length >> 1
    else if (isOver || (status > 199 && status < 300)) {
      events = events.filter((event) => !batch.includes(event))
      if (isOver) drop(batch.length)
      failures = 0
      save(events)
    } else {
      const pause = Math.min(MOST_PAUSE, 1000 * 2 ** failures++)
      clearTimeout(timer)
      if (failures > MOST_FAILURES) failures = timer = 0
      else
        timer = setTimeout(
          flush,
          Math.min(
            MOST_WAIT,
            Math.max(Number(after) * 1000 || 0, pause * (1 - Math.random() / 2))
          )
        )
      return
    }
    if (events.length) flush()
  }

  const flush = (leaving?: boolean) => {
    clearTimeout(timer)
    timer = 0
    while (navigator.onLine !== false && (leaving || !open.size)) {
      const batch: Array<Event> = []
      const texts: Array<string> = []
      let bytes = 0
      for (const event of events) {
        if (open.has(event)) continue
        const text = JSON.stringify(event)
        bytes += bytesOf(text)
        if (batch.length && (bytes > BATCH_BYTES || batch.length >= most)) break
        batch.push(event)
        texts.push(text)
        open.add(event)
      }
      if (!batch.length) return
      fetch(endpoint, {
        method: "POST",
        keepalive: true,
        // Younger than the rest of what is used here.
        ...(AbortSignal.timeout && { signal: AbortSignal.timeout(PATIENCE) }),
        body: `{"events":[${texts}],"sentAt":"${new Date().toISOString()}"}`
      }).then(
        ({ headers, status }) => settle(batch, status, headers.get("retry-after")),
        () => settle(batch, 0)
      )
    }
  }

  return {
    add: (event) => {
      let text = ""
      try {
        text = JSON.stringify(event)
      } catch {}
      if (!text || bytesOf(text) > MOST_EVENT_BYTES) return drop(1)
      // As it is now, whatever the page makes of its objects until it is sent.
      events.push(JSON.parse(text))
      if (events.length > MOST_WAITING) {
        events.shift()
        drop(1)
      }
      save(events)
      timer ||= setTimeout(flush, PAUSE)
    },
    flush,
    save: () => save(events),
    anonymise: () => {
      for (const event of events) event.anonymousId = undefined
    },
    clear: () => {
      events = []
    }
  }
}
