import plausibleTracker from "plausible-tracker"
import {
  nothing,
  type OfficialClient,
  propertiesOf,
  SENT,
  until
} from "./OfficialClient.ts"

const PAGE = new URL("https://pages.example/start?utm_source=x")

/** A name that no list of robots has. */
const BROWSER = "Mozilla/5.0 (X11; Linux x64; rv:140.0) Gecko/20100101 Firefox/140.0"

/** As much of a browser's `XMLHttpRequest` as the tracker asks for. */
class PageRequest {
  onreadystatechange: (() => void) | null = null
  readyState = 0
  #method = ""
  #url = ""
  readonly #headers = new Headers({ origin: PAGE.origin, "user-agent": BROWSER })

  open(method: string, url: string) {
    this.#method = method
    this.#url = url
  }

  setRequestHeader(name: string, value: string) {
    this.#headers.set(name, value)
  }

  send(body: string) {
    const end = () => {
      this.readyState = 4
      this.onreadystatechange?.()
    }
    fetch(this.#url, { method: this.#method, headers: this.#headers, body })
      .then((response) => response.text())
      .then(end, end)
  }
}

/** Runs `work` where a page's global names are defined. */
export const asInPage = <A>(work: () => A): A => {
  const page = {
    location: PAGE,
    document: { referrer: "https://search.example/" },
    window: { innerWidth: 1280, localStorage: {} },
    XMLHttpRequest: PageRequest
  }
  const before = Object.keys(page).map(
    (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const
  )
  for (const [name, value] of Object.entries(page))
    Object.defineProperty(globalThis, name, { value, configurable: true })
  try {
    return work()
  } finally {
    for (const [name, descriptor] of before)
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name)
      else Object.defineProperty(globalThis, name, descriptor)
  }
}

/** It belongs into a page: here it finds a page's names while it sends. */
export const plausible: OfficialClient = {
  package: "plausible-tracker",
  retries: nothing,
  batch: 1,
  // Its callback comes when the request ended, however it ended.
  reports: false,
  users: false,
  start: (apiHost, domain) => {
    let open = 0
    return {
      delivered: new Set<number>(),
      send: (n) => {
        open++
        asInPage(() =>
          plausibleTracker({ domain, apiHost }).trackEvent(SENT, {
            props: propertiesOf(n),
            callback: () => {
              open--
            }
          })
        )
      },
      finish: () => until(() => open === 0)
    }
  }
}
