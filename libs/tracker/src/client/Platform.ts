/** What the client needs of where it runs. */
export interface Platform {
  readonly fetch: (
    url: string,
    init: {
      readonly method: "POST"
      readonly headers: Record<string, string>
      readonly body: string
      readonly keepalive: boolean
      readonly signal: AbortSignal
    }
  ) => Promise<Response>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** From 0 up to 1. */
  readonly random: () => number
  /** Calls once, later; what it returns calls it off. */
  readonly after: (milliseconds: number, then: () => void) => () => void
  readonly isOnline: () => boolean
  /**
   * Tells of the network being back, of a page that may end, and of what others changed in
   * the device's storage: a name, or none if it may be any. Returns how to stop.
   */
  readonly watch: (
    back: () => void,
    leave: () => void,
    changed: (name?: string) => void
  ) => () => void
}

// What only browsers have; the package is compiled without their types.
declare const document: { readonly visibilityState: string } | undefined
declare const navigator: { readonly onLine?: boolean } | undefined
interface PageEvent {
  readonly key?: string | null
  readonly persisted?: boolean
}
type Listening = (type: string, listener: (event: PageEvent) => void) => void
declare const addEventListener: Listening | undefined
declare const removeEventListener: Listening | undefined

export const hasDocument = (): boolean => typeof document !== "undefined"

/** Bun, Node, browsers and workers. */
export const platform: Platform = {
  fetch: (url, init) => fetch(url, init),
  now: () => Date.now(),
  random: () => Math.random(),
  after: (milliseconds, then) => {
    const timer = setTimeout(then, milliseconds)
    return () => clearTimeout(timer)
  },
  isOnline: () => typeof navigator === "undefined" || navigator.onLine !== false,
  watch: (back, leave, changed) => {
    if (typeof addEventListener === "undefined") return () => {}
    const hidden = () => {
      if (typeof document !== "undefined" && document.visibilityState === "hidden")
        leave()
    }
    // Events of the document bubble to its window.
    const listeners: Readonly<Record<string, (event: PageEvent) => void>> = {
      online: () => back(),
      pagehide: () => leave(),
      visibilitychange: hidden,
      storage: ({ key }) => {
        if (typeof key === "string") changed(key)
      },
      // A page in the browser's cache hears of nothing.
      pageshow: ({ persisted }) => {
        if (persisted) changed()
      }
    }
    for (const [type, listener] of Object.entries(listeners))
      addEventListener(type, listener)
    return () => {
      if (typeof removeEventListener === "undefined") return
      for (const [type, listener] of Object.entries(listeners))
        removeEventListener(type, listener)
    }
  }
}
