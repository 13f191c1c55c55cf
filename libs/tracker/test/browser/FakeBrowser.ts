import type { Browser, Tracker } from "../../src/browser/Browser.ts"
import { start } from "../../src/browser/start.ts"

/** What outlives a page: the device's storage. */
export class Device {
  readonly kept = new Map<string, string>()
  /** A private window, or a page that may store nothing. */
  refuses = false

  get storage(): Browser["localStorage"] {
    if (this.refuses) throw new Error("SecurityError")
    const { kept } = this
    return {
      get length() {
        return kept.size
      },
      key: (index) => [...kept.keys()][index] ?? null,
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => void kept.set(name, value),
      removeItem: (name) => void kept.delete(name)
    }
  }
}

export interface SentEvent {
  readonly type: string
  readonly messageId: string
  readonly event?: string
  readonly userId?: string
  readonly anonymousId?: string
  readonly properties?: object
  readonly context: {
    readonly page: { readonly url: string; readonly referrer: string }
  }
}

export interface Sent {
  readonly url: string
  readonly bytes: number
  readonly events: ReadonlyArray<SentEvent>
}

/** A status, headers, or `undefined` for no answer at all. */
export type Answer =
  | { readonly status: number; readonly retryAfter?: string }
  | undefined

export interface PageOptions {
  readonly device?: Device
  readonly data?: Record<string, string>
  readonly dnt?: boolean
  readonly gpc?: boolean
  readonly early?: Array<unknown>
  readonly path?: string
  readonly prerendering?: boolean
}

/** A page with the script in it, whose clock and network a test moves. */
export class Page {
  readonly device: Device
  readonly sent: Array<Sent> = []
  answer: (sent: Sent) => Answer = () => ({ status: 200 })
  isOnline = true
  visibility = "visible"
  now = 0
  readonly #browser: Browser
  readonly #timers = new Map<number, { at: number; then: () => void }>()
  readonly #listeners = new Map<string, Array<(event: object) => void>>()
  #timer = 0
  #path: string

  constructor(options: PageOptions = {}) {
    const {
      data = {},
      device = new Device(),
      path = "/",
      prerendering = false
    } = options
    this.device = device
    this.#path = path
    const page = this
    const listen = (type: string, listener: (event: object) => void) =>
      void this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
    const visit = (_: unknown, __: string, url?: string | URL | null) => {
      if (url) page.#path = String(url)
    }
    this.#browser = {
      document: {
        get title() {
          return `Title of ${page.#path}`
        },
        referrer: "https://search.example/",
        get visibilityState() {
          return page.visibility
        },
        prerendering,
        currentScript: {
          src: "https://events.example/t.js",
          dataset: { key: "wk_1", ...data }
        },
        addEventListener: listen
      },
      navigator: {
        get onLine() {
          return page.isOnline
        },
        language: "de",
        doNotTrack: options.dnt ? "1" : null,
        ...(options.gpc && { globalPrivacyControl: true })
      },
      location: {
        origin: "https://shop.example",
        get pathname() {
          return new URL(page.#path, "https://shop.example").pathname
        },
        get search() {
          return new URL(page.#path, "https://shop.example").search
        }
      },
      screen: { width: 1280, height: 800 },
      history: { pushState: visit, replaceState: visit },
      get localStorage() {
        return device.storage
      },
      addEventListener: listen,
      setTimeout: (then, milliseconds = 0) => {
        this.#timers.set(++this.#timer, { at: this.now + milliseconds, then })
        return this.#timer
      },
      clearTimeout: (timer) => void this.#timers.delete(timer),
      fetch: async (url, { body }) => {
        const sent: Sent = {
          url,
          bytes: Buffer.byteLength(body),
          events: JSON.parse(body).events
        }
        this.sent.push(sent)
        const answer = this.answer(sent)
        if (answer === undefined) throw new TypeError("Failed to fetch")
        const { retryAfter = null, status } = answer
        return { status, headers: { get: () => retryAfter } }
      }
    }
    Object.assign(this.#browser, { tracker: options.early })
    start(this.#browser)
  }

  get tracker(): Tracker {
    const { tracker } = this.#browser
    if (tracker === undefined || Array.isArray(tracker))
      throw new Error("the script did not start")
    return tracker
  }

  get hasStarted(): boolean {
    return this.#browser.tracker !== undefined && !Array.isArray(this.#browser.tracker)
  }

  push(path: string): void {
    this.#browser.history.pushState(null, "", path)
  }

  replace(path: string): void {
    this.#browser.history.replaceState(null, "", path)
  }

  back(path: string): void {
    this.#path = path
    this.emit("popstate")
  }

  emit(type: string, event: object = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event)
  }

  leave(): void {
    this.visibility = "hidden"
    this.emit("visibilitychange")
    this.emit("pagehide")
  }

  get hasTimer(): boolean {
    return this.#timers.size > 0
  }

  /** Lets so many milliseconds pass, and all that was due in them be answered. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds
    await settled()
    for (;;) {
      const [next] = [...this.#timers]
        .filter(([, { at }]) => at <= end)
        .sort(([, a], [, b]) => a.at - b.at)
      if (next === undefined) break
      this.#timers.delete(next[0])
      this.now = next[1].at
      next[1].then()
      await settled()
    }
    this.now = end
    await settled()
  }

  /** All events that went out, each once, in the order they first did. */
  get events(): ReadonlyArray<SentEvent> {
    const known = new Map<string, SentEvent>()
    for (const { events } of this.sent)
      for (const event of events)
        if (!known.has(event.messageId)) known.set(event.messageId, event)
    return [...known.values()]
  }
}

/** Answers that are there have been read. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}
