import type { Browser, Fields, Tracker } from "./Browser.ts"
import { makeQueue } from "./queue.ts"

/** 32 hexadecimal digits; `randomUUID` is only there on pages of HTTPS. */
const makeId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")

/** Stands in place of an id when somebody opted out. */
const OUT = "0"

/**
 * Counts page views and sends what a page tells it, from the tag
 * `<script defer src="https://…/t.js" data-key="wk_…">`.
 *
 * Every function here is written to be small: the script has less than 2 kB.
 */
export const start = (browser: Browser): void => {
  const { document, history, location, navigator } = browser
  const { dataset, src } = document.currentScript ?? { dataset: {}, src: "" }
  const name = `t.${dataset.key}.`
  const path = `w/${encodeURIComponent(String(dataset.key))}/n`
  const optedOut =
    dataset.dnt !== "ignore" &&
    (navigator.globalPrivacyControl || navigator.doNotTrack === "1")
  let isOut = optedOut
  let anonymousId: string | undefined
  let userId: string | undefined
  let url = ""
  let referrer = document.referrer

  /** The device's storage, as far as there is one. */
  const stored = <A>(use: (storage: Browser["localStorage"]) => A): A | undefined => {
    try {
      return use(browser.localStorage)
    } catch {
      return undefined
    }
  }
  // A tab has a place of its own, so that none writes over the events of another.
  const place = name + makeId()
  /** The places of all tabs; the key `a.b` has other ones than `a`. */
  const places = () =>
    stored((storage) =>
      Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? "")
    )?.filter((each) => each.startsWith(name) && each.length === place.length) ?? []
  const queue = makeQueue(
    browser,
    dataset.url ? dataset.url.replace(/\/*$/, `/${path}`) : new URL(path, src).href,
    (events) => {
      if (anonymousId)
        stored((storage) =>
          events.length
            ? storage.setItem(place, JSON.stringify(events))
            : storage.removeItem(place)
        )
    },
    (count) => {
      tracker.dropped += count
    }
  )

  const forget = () => {
    for (const each of [name, ...places()])
      stored((storage) => storage.removeItem(each))
    anonymousId = undefined
  }

  /** The choice as any tab made it, for what waits here, too. */
  const heed = () => {
    const kept = stored((storage) => storage.getItem(name))
    // A page that may store nothing keeps to what it was told itself.
    if (kept === undefined) return
    isOut = optedOut || kept === OUT
    anonymousId = isOut ? undefined : (kept ?? undefined)
    if (isOut) {
      queue.clear()
      userId = undefined
    }
    if (anonymousId) return
    stored((storage) => storage.removeItem(place))
    queue.anonymise()
  }

  const address = () => location.origin + location.pathname + location.search

  const add = (type: string, fields: Fields) => {
    if (!isOut)
      queue.add({
        type,
        ...fields,
        messageId: makeId(),
        timestamp: new Date().toISOString(),
        userId,
        anonymousId,
        context: {
          page: {
            url: address(),
            path: location.pathname,
            search: location.search,
            referrer,
            title: document.title
          },
          locale: navigator.language,
          screen: { width: browser.screen.width, height: browser.screen.height },
          library: { name: "t.js" }
        }
      })
  }

  const tracker: Tracker = {
    dropped: 0,
    track: (event, properties) => add("track", { event, properties }),
    page: (name, properties) => add("page", { name, properties }),
    identify: (id, traits) => {
      userId = id
      add("identify", { traits })
    },
    consent: (choice) => {
      if (isOut) return
      if (choice === "granted") {
        const id = anonymousId ?? makeId()
        anonymousId = id
        stored((storage) => storage.setItem(name, id))
        queue.save()
      } else {
        forget()
        queue.anonymise()
      }
    },
    reset: () => {
      userId = undefined
      if (!anonymousId) return
      forget()
      tracker.consent("granted")
    },
    push: ([method, ...values]) =>
      (tracker[method] as (...values: ReadonlyArray<unknown>) => void)(...values),
    optOut: (out = true) => {
      // What nobody took away needs not be given back.
      if (!out && !isOut) return
      forget()
      userId = undefined
      if (out) {
        queue.clear()
        stored((storage) => storage.setItem(name, OUT))
      }
      isOut = out || optedOut
    }
  }

  /** One page view for each address, however often a router sets it. */
  const view = () => {
    const next = address()
    if (dataset.auto === "false" || next === url) return
    referrer = url || document.referrer
    url = next
    tracker.page()
  }
  // Titles are set, and redirects made, after the address.
  const soon = () => browser.setTimeout(view)

  const leave = () => {
    view()
    queue.flush(true)
  }

  const begin = () => {
    const early = browser.tracker
    if (early && "track" in early) return
    heed()
    if (anonymousId)
      for (const each of places())
        stored((storage) => {
          const text = storage.getItem(each)
          storage.removeItem(each)
          for (const event of JSON.parse(text ?? "")) if (event.type) queue.add(event)
        })
    browser.tracker = tracker
    // An element with that id has the name, too.
    if (Array.isArray(early)) for (const call of early) stored(() => tracker.push(call))
    for (const method of ["pushState", "replaceState"] as const) {
      const navigate = history[method]
      history[method] = (...values) => {
        navigate.apply(history, values)
        soon()
      }
    }
    browser.addEventListener("popstate", soon)
    browser.addEventListener("pageshow", ({ persisted }) => {
      if (persisted) {
        // It heard nothing of other pages meanwhile.
        heed()
        url = ""
        view()
      }
    })
    browser.addEventListener("storage", ({ key }) => {
      // No key: all was taken away.
      if (!key || key === name) heed()
    })
    browser.addEventListener("online", () => queue.flush())
    browser.addEventListener("pagehide", leave)
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") leave()
    })
    view()
  }
  if (document.prerendering) document.addEventListener("prerenderingchange", begin)
  else begin()
}
