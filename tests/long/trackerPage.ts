import { join } from "node:path"
import type { Browser, BrowserContext, Page } from "playwright-core"

/**
 * Of the browser as a whole: a context's own is not used for what outlives its page, and
 * Chromium without a screen calls itself so, which counts as a bot.
 */
export const userAgent =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

/** Where a page of the site sends, and how its tag is written. */
export interface Tag {
  readonly url: string
  readonly key: string
  readonly attributes?: string
}

const shop = ({ attributes = "", key, url }: Tag) => `<!doctype html>
<title>The shop</title>
<script defer src="${url}/t.js" data-key="${key}" ${attributes}></script>
<h1>Shop</h1>`

const program = ({ key, url }: Tag) => `<!doctype html>
<title>A program</title>
<script type="module">
import { createClient } from "/client.js"
window.client = createClient({
  url: ${JSON.stringify(url)},
  key: ${JSON.stringify(key)},
  store: localStorage,
  onError: (trouble) => (window.troubles ??= []).push(trouble)
})
</script>`

/** A site of another origin than the events', with the script or the client on its pages. */
export const serveSite = async () => {
  const built = await Bun.build({
    entrypoints: [
      join(import.meta.dir, "../../libs/tracker/src/client/createClient.ts")
    ],
    target: "browser",
    format: "esm",
    minify: true
  })
  const client = await built.outputs[0]?.text()
  let tag: Tag = { url: "", key: "" }
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const { pathname } = new URL(request.url)
      const script = { headers: { "content-type": "text/javascript" } }
      const html = { headers: { "content-type": "text/html" } }
      if (pathname === "/client.js") return new Response(client, script)
      if (pathname === "/outside") return new Response("", html)
      return new Response(pathname === "/program" ? program(tag) : shop(tag), html)
    }
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    /** What every page has from here on. */
    use: (next: Tag) => {
      tag = next
    },
    stop: () => server.stop(true)
  }
}

export interface Visitor {
  readonly context: BrowserContext
  readonly page: Page
  /** What was sent, by its path. */
  readonly sent: ReadonlyArray<string>
  /** What the browser complained about. */
  readonly complaints: ReadonlyArray<string>
  /** Everything that is kept on the device. */
  readonly kept: () => Promise<ReadonlyArray<string>>
}

/** Somebody new, who has been nowhere yet. */
export const visitor = async (
  browser: Browser,
  options: { readonly blocked?: RegExp; readonly init?: string } = {}
): Promise<Visitor> => {
  const { blocked, init } = options
  const context = await browser.newContext()
  if (blocked !== undefined)
    await context.route(
      (url) => blocked.test(url.href),
      (route) => route.abort("blockedbyclient")
    )
  if (init !== undefined) await context.addInitScript(init)
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const complaints: Array<string> = []
  const sent: Array<string> = []
  page.on("pageerror", (error) => complaints.push(error.message))
  context.on("request", (request) => {
    if (request.method() !== "GET") sent.push(new URL(request.url()).pathname)
  })
  return {
    context,
    page,
    sent,
    complaints,
    kept: async () => [
      ...(await context.cookies()).map(({ name }) => name),
      ...(await page.evaluate<Array<string>>(
        "[...Object.keys(localStorage), ...Object.keys(sessionStorage)]"
      ))
    ]
  }
}
