import type { Browser, BrowserContext, Page } from "playwright-core"

/** What a page told of each event it made, as posthog-js hands it over. */
export interface Captured {
  readonly uuid: string
  readonly event: string
  readonly changesTraits: boolean
}

const script = (key: string, host: string, options: object) => `
import posthog from "/library.js"
const options = ${JSON.stringify(options)}
if (options.renamed) options.rewriteRequestPath = (url) => {
  url.pathname = url.pathname
    .replace(/\\/(e|i\\/v0\\/e)\\/$/, "/n/events")
    .replace(/\\/flags\\/$/, "/n/options")
    .replace(/\\/array\\//, "/n/")
  return url
}
delete options.renamed
posthog.init(${JSON.stringify(key)}, {
  api_host: ${JSON.stringify(host)},
  capture_pageview: "history_change",
  capture_pageleave: true,
  request_queue_config: { flush_interval_ms: 250 },
  opt_out_useragent_filter: true,
  ...options,
  loaded: (ph) => {
    const has = (value) => Object.keys(value ?? {}).length > 0
    ph.on("eventCaptured", ({ event, properties, uuid, ...beside }) => {
      // A person without a profile has no traits.
      const profile = properties.$process_person_profile !== false
      const changes =
        has(beside.$set) || has(beside.$set_once) ||
        has(properties.$set) || has(properties.$set_once)
      const told = JSON.parse(localStorage.captured ?? "[]")
      told.push({ uuid, event, changesTraits: profile && changes })
      localStorage.captured = JSON.stringify(told)
    })
    ph.onFeatureFlags(() => { window.flagsCame = true })
    window.posthog = ph
  }
})`

const html = (key: string, host: string, options: object) => `<!doctype html>
<title>The shop</title>
<button id="buy">Buy</button>
<script type="module">${script(key, host, options)}</script>`

/** A page of the site without the library. */
const OUTSIDE = "/outside"

/** A site with posthog-js on every page, served from another origin than the events'. */
export const serveSite = async () => {
  const library = await Bun.file(
    new URL("module.mjs", import.meta.resolve("posthog-js"))
  ).bytes()
  let page = ""
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const { pathname } = new URL(request.url)
      const headers = { "content-type": "text/html" }
      if (pathname === "/library.js")
        return new Response(library, { headers: { "content-type": "text/javascript" } })
      return new Response(pathname === OUTSIDE ? "" : page, { headers })
    }
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    /** What every page initialises the library with from here on. */
    use: (key: string, host: string, options: object) => {
      page = html(key, host, options)
    },
    stop: () => server.stop(true)
  }
}

export interface Visited {
  readonly context: BrowserContext
  readonly page: Page
  /** What was made so far, also by pages that were left. */
  readonly captured: () => Promise<ReadonlyArray<Captured>>
  /** Closes the page that is open. */
  readonly leave: () => Promise<unknown>
  /** What the browser complained about. */
  readonly complaints: ReadonlyArray<string>
}

/** Somebody new on the site, when the library is ready. */
export const visit = async (
  browser: Browser,
  site: string,
  blocked?: RegExp
): Promise<Visited> => {
  const context = await browser.newContext({
    userAgent:
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
  })
  const complaints: Array<string> = []
  if (blocked !== undefined)
    await context.route(
      (url) => blocked.test(url.href),
      (route) => route.abort("blockedbyclient")
    )
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  page.on("response", (response) => {
    if (response.status() >= 400 && !response.url().endsWith("/favicon.ico"))
      complaints.push(`${response.status()} ${response.url()}`)
  })
  page.on("pageerror", (error) => complaints.push(error.message))
  await page.goto(`${site}/home?utm_source=news`)
  await page.waitForFunction("window.posthog?.__loaded === true")
  return {
    context,
    page,
    captured: async () =>
      JSON.parse(await page.evaluate<string>(`localStorage.captured ?? "[]"`)),
    leave: () => page.goto(site + OUTSIDE),
    complaints
  }
}
