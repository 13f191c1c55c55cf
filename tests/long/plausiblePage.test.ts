import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { join } from "node:path"
import { type Browser, chromium } from "playwright-core"
import { type Client, makeClient } from "../e2e/Client.ts"
import { storedEvents } from "../e2e/clients/deliver.ts"
import { flakyProxy } from "../e2e/FlakyProxy.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"

const executable =
  process.env["CHROMIUM"] ?? Bun.which("chromium") ?? Bun.which("chromium-browser")
const isLong = process.env["TEST_LONG"] === "1"

/** A running stack's STACK_DATA in place of one of its own. */
const running = process.env["SDK_STACK"]

const noBrowser =
  executable === null ? " (left out: there is none, see docs/testing.md)" : ""

/** A page that uses the package as its documentation says, and tells when it is done. */
const page = (domain: string, apiHost: string) => `
import Plausible from "plausible-tracker"
const options = ${JSON.stringify({ domain, apiHost, trackLocalhost: true })}
const { enableAutoPageviews, trackEvent } = Plausible(options)
enableAutoPageviews()
history.pushState({}, "", "/second?utm_source=news")
history.pushState({}, "", "/third")
let open = 0
const sent = (props) => {
  open++
  trackEvent("Signup", { props, callback: () => { if (--open === 0) document.title = "done" } })
}
window.send = () => [1, 2, 3, 4].forEach((n) => sent({ n, plan: "pro" }))
document.title = "ready"
`

const serveSite = async (script: string) => {
  const entry = join(import.meta.dir, "plausiblePage.entry.js")
  const built = await Bun.build({
    entrypoints: [entry],
    files: { [entry]: script },
    target: "browser"
  })
  const code = await built.outputs[0]?.text()
  if (code === undefined) throw new Error("nothing was built")
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) =>
      url.endsWith("/page.js")
        ? new Response(code, { headers: { "content-type": "text/javascript" } })
        : new Response(
            '<title></title><script type="module" src="/page.js"></script>',
            {
              headers: { "content-type": "text/html" }
            }
          )
  })
}

describe.skipIf(!isLong || executable === null)(
  `plausible-tracker in Chromium${noBrowser}`,
  () => {
    let own: RunningStack | undefined
    let browser: Browser
    let client: Client

    beforeAll(async () => {
      if (running === undefined) own = await startStack()
      const file = () => Bun.file(join(running ?? "", "stack.json")).json()
      client = await makeClient(own ?? { file })
      browser = await chromium.launch({
        executablePath: executable ?? "",
        args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
      })
    }, 300_000)

    afterAll(async () => {
      await browser?.close()
      await own?.stop()
    }, 60_000)

    it("counts pages and events once, without the request that was refused", async () => {
      const project = await client.createProject("plausible-tracker")
      using proxy = await flakyProxy(client.ingestion)
      const site = await serveSite(page(project.writeKey, proxy.url))
      try {
        const tab = await browser.newPage()
        await tab.goto(`http://127.0.0.1:${site.port}/first`)
        const arrived = async (requests: number) => {
          const end = Date.now() + 60_000
          while (proxy.seen().length < requests && Date.now() < end) await Bun.sleep(50)
        }
        await tab.waitForFunction("document.title === 'ready'")
        await arrived(3)
        proxy.next({ kind: "answer", status: 503 })
        await tab.evaluate("window.send()")
        await tab.waitForFunction("document.title === 'done'")
        const { stored } = await client.settled(project)
        const events = await storedEvents(client, project)
        const named = (name: string) => events.filter(({ event }) => event === name)
        expect(stored).toBe(6)
        expect(named("$pageview").length).toBe(3)
        expect(named("Signup").map(({ properties }) => properties["plan"])).toEqual([
          "pro",
          "pro",
          "pro"
        ])
        expect(new Set(named("Signup").map((one) => one.properties["n"])).size).toBe(3)
        expect(new Set(events.map(({ personId }) => personId)).size).toBe(1)
      } finally {
        site.stop(true)
      }
    }, 120_000)
  }
)
