/** What the script uses of a browser; a test is one, too. */
export interface Browser {
  readonly document: {
    readonly title: string
    readonly referrer: string
    readonly visibilityState: string
    /** While a page is made ready that nobody sees yet. */
    readonly prerendering?: boolean
    readonly currentScript: ScriptTag | null
    readonly addEventListener: Listen
  }
  readonly navigator: {
    readonly onLine?: boolean
    readonly language?: string
    readonly doNotTrack?: string | null
    readonly globalPrivacyControl?: boolean
  }
  readonly location: {
    readonly origin: string
    readonly pathname: string
    readonly search: string
  }
  readonly screen: { readonly width: number; readonly height: number }
  readonly history: History
  /** Reading the property itself fails where a page may store nothing. */
  readonly localStorage: DeviceStorage
  readonly addEventListener: Listen
  readonly setTimeout: (then: () => void, milliseconds?: number) => number
  readonly clearTimeout: (timer: number) => void
  readonly fetch: (
    url: string,
    init: {
      readonly method: string
      readonly keepalive: boolean
      readonly body: string
      readonly signal?: AbortSignal
    }
  ) => Promise<{
    readonly status: number
    readonly headers: { readonly get: (name: string) => string | null }
  }>
  /** What a page asked before the script was there, and then the script itself. */
  tracker?: Tracker | Array<Call>
}

type Listen = (
  type: string,
  listener: (event: {
    readonly persisted?: boolean
    readonly key?: string | null
  }) => void
) => void

export interface ScriptTag {
  readonly src: string
  /** `data-key`, and what else is told by attributes. */
  readonly dataset: {
    readonly key?: string
    readonly url?: string
    readonly auto?: string
    readonly dnt?: string
  }
}

type Navigate = (state: unknown, unused: string, url?: string | URL | null) => void

export interface History {
  pushState: Navigate
  replaceState: Navigate
}

export interface DeviceStorage {
  readonly length: number
  readonly key: (index: number) => string | null
  readonly getItem: (name: string) => string | null
  readonly setItem: (name: string, value: string) => void
  readonly removeItem: (name: string) => void
}

export interface Fields {
  readonly [name: string]: unknown
}

/** An event as it is sent. */
export interface Event extends Fields {
  anonymousId?: string | undefined
}

/** `window.tracker`. */
export interface Tracker {
  /** Events that were given up: too many, too large, or refused for good. */
  dropped: number
  readonly track: (event: string, properties?: Fields) => void
  /** A page view beside those that are counted by themselves. */
  readonly page: (name?: string, properties?: Fields) => void
  readonly identify: (userId: string, traits?: Fields) => void
  /** Whether an id and events that are not sent yet may be kept on the device. */
  readonly consent: (choice: "granted" | "denied") => void
  /** Nothing is collected any more; `false` takes it back. */
  readonly optOut: (out?: boolean) => void
  /** Somebody else uses the device from now on. */
  readonly reset: () => void
  /** Does what a list did before the script was there. */
  readonly push: (call: Call) => void
}

/** `["track", "Signed Up"]`: a method and what it is given. */
export type Call =
  | readonly ["track", ...Parameters<Tracker["track"]>]
  | readonly ["page", ...Parameters<Tracker["page"]>]
  | readonly ["identify", ...Parameters<Tracker["identify"]>]
  | readonly ["consent", ...Parameters<Tracker["consent"]>]
  | readonly ["optOut", ...Parameters<Tracker["optOut"]>]
  | readonly ["reset"]
