import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { join } from "node:path"
import { type Browser, chromium } from "playwright-core"
import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import { flakyProxy } from "../e2e/FlakyProxy.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import { serveSite, userAgent, visitor } from "./trackerPage.ts"

const executable =
  process.env["CHROMIUM"] ?? Bun.which("chromium") ?? Bun.which("chromium-browser")
const isLong = process.env["TEST_LONG"] === "1"

/** A running stack's STACK_DATA in place of one of its own. */
const running = process.env["SDK_STACK"]

const noBrowser =
  executable === null ? " (left out: there is none, see docs/testing.md)" : ""

/** Words that lists of blockers look for in addresses. */
const blocked =
  /[/.](analytics|tracker?|tracking|collect|events?|beacon|pixel|stats?|log|ping|i|e|g|b|batch|capture|send|matomo|plausible|umami|posthog|segment|amplitude|mixpanel)([/.?]|$)/

interface StoredEvent {
  readonly event: string
  readonly messageId: string
  readonly userId: string | null
  readonly anonymousId: string | null
  readonly properties: Readonly<Record<string, unknown>>
}

describe.skipIf(!isLong || executable === null)(
  `the script and the client in Chromium${noBrowser}`,
  () => {
    let own: RunningStack | undefined
    let browser: Browser
    let client: Client
    let site: Awaited<ReturnType<typeof serveSite>>

    beforeAll(async () => {
      if (running === undefined) own = await startStack()
      const file =
        own?.file ?? (() => Bun.file(join(running ?? "", "stack.json")).json())
      client = await makeClient({ file })
      site = await serveSite()
      browser = await chromium.launch({
        executablePath: executable ?? "",
        args: [
          "--no-sandbox",
          "--disable-gpu",
          "--disable-dev-shm-usage",
          `--user-agent=${userAgent}`
        ]
      })
    }, 300_000)
    afterAll(async () => {
      await browser?.close()
      await site?.stop()
      await own?.stop()
    }, 60_000)

    /** A project whose script is on every page from here on. */
    const projectOf = async (attributes = "", url = client.ingestion) => {
      const project = await client.createProject("tracker")
      site.use({ url, key: project.writeKey, attributes })
      return project
    }

    /**
     * Waits until so many events are stored, and expects no more of them; so many of them
     * are tracks and page views, which are given back.
     */
    const stored = async (project: Project, count: number, listed = count) => {
      const end = Date.now() + 60_000
      while (Date.now() < end) {
        const account = await client.settled(project)
        if (account.stored >= count) break
        await Bun.sleep(100)
      }
      expect(await client.accounting(project)).toMatchObject({
        stored: count,
        quarantined: 0,
        balanced: true
      })
      // What is stored is asked of a moment later: answers are of what was known then.
      for (;;) {
        const answer = await client.query(project, { kind: "events", limit: 1000 })
        expect(answer.status).toBe(200)
        const { result } = answer.body as {
          result: { events: ReadonlyArray<StoredEvent> }
        }
        if (result.events.length >= listed || Date.now() > end) return result.events
        await Bun.sleep(100)
      }
    }
    const namesOf = (events: ReadonlyArray<StoredEvent>) =>
      events.map(({ event }) => event).toSorted()

    it("count pages, those of routers too, and what is sent while a page ends", async () => {
      const project = await projectOf()
      const { complaints, context, kept, page } = await visitor(browser)
      await page.goto(`${site.url}/home?utm_source=news`)
      await page.waitForFunction("window.tracker?.track")
      await page.evaluate(`history.pushState({}, "", "/cart")`)
      await page.evaluate(`history.replaceState({}, "", "/cart#top")`)
      await page.evaluate(`tracker.track("added", { n: 1 })`)
      expect(await kept()).toEqual([])
      await page.goBack()
      await page.evaluate(`addEventListener("pagehide", () => tracker.track("left"))`)
      await page.evaluate(
        `for (let n = 0; n < 5; n++) tracker.track("large", { n, text: "x".repeat(9000) })`
      )
      await page.goto(`${site.url}/outside`)
      const events = await stored(project, 10)
      await context.close()
      expect(complaints).toEqual([])
      expect(namesOf(events)).toEqual([
        "$pageview",
        "$pageview",
        "$pageview",
        "added",
        ...Array.from({ length: 5 }, () => "large"),
        "left"
      ])
      // One visitor, known by nothing that is on the device.
      const visitors = new Set(events.map(({ anonymousId }) => anonymousId))
      expect(visitors.size).toBe(1)
      expect([...visitors][0]).toMatch(/^[0-9a-f]{32}$/)
      const paths = await client.query(project, {
        kind: "trends",
        range: "today",
        interval: "none",
        series: [{ event: "$pageview", measure: "total" }],
        breakdown: ["context.page.path"]
      })
      expect(JSON.stringify(paths.body)).toContain("/cart")
    }, 120_000)

    it("keep an id and events with consent only, and until it is withdrawn", async () => {
      const project = await projectOf()
      const { complaints, context, kept, page } = await visitor(browser)
      await page.goto(`${site.url}/home`)
      await page.waitForFunction("window.tracker?.track")
      await page.evaluate(`tracker.consent("granted")`)
      await context.setOffline(true)
      await page.evaluate(`for (const n of [1, 2, 3]) tracker.track("offline", { n })`)
      expect((await kept()).length).toBe(2)
      // The page is closed before there is a network again.
      await page.close()
      await context.setOffline(false)
      const next = await context.newPage()
      await next.goto(`${site.url}/home`)
      const events = await stored(project, 5)
      const ids = events
        .filter(({ event }) => event === "offline")
        .map(({ anonymousId }) => anonymousId)
      expect(new Set(ids).size).toBe(1)
      const names = `Object.keys(localStorage).filter((name) => name.startsWith("t."))`
      await next.waitForFunction(`${names}.length === 1`)
      const id = await next.evaluate<string>(
        `localStorage.getItem("t.${project.writeKey}.")`
      )
      expect(ids[0]).toBe(id)
      await next.evaluate(`tracker.consent("denied")`)
      expect(await next.evaluate<number>(`${names}.length`)).toBe(0)
      await context.close()
      expect(complaints).toEqual([])
    }, 120_000)

    it("send again after 503, cut connections, and answers that got lost", async () => {
      const proxy = await flakyProxy(client.ingestion)
      try {
        const project = await projectOf('data-auto="false"', proxy.url)
        const { context, page } = await visitor(browser)
        await page.goto(`${site.url}/home`)
        await page.waitForFunction("window.tracker?.track")
        const headers = {
          "access-control-allow-origin": site.url,
          "access-control-expose-headers": "retry-after",
          "retry-after": "1"
        }
        proxy.next(
          { kind: "answer", status: 503, headers, body: "{}" },
          { kind: "cut", when: "after" },
          { kind: "cut", when: "before" }
        )
        for (const n of [1, 2, 3])
          await page.evaluate(`tracker.track("again", { n: ${n} })`)
        const events = await stored(project, 3)
        const end = Date.now() + 60_000
        while (!proxy.done() && Date.now() < end) await Bun.sleep(100)
        expect(namesOf(events)).toEqual(["again", "again", "again"])
        expect(proxy.done()).toBe(true)
        await context.close()
      } finally {
        proxy[Symbol.dispose]()
      }
    }, 120_000)

    it("use no address that lists of blockers name", async () => {
      const project = await projectOf()
      const { complaints, context, page, sent } = await visitor(browser, { blocked })
      await page.goto(`${site.url}/home`)
      await stored(project, 1)
      expect(new Set(sent)).toEqual(new Set([`/w/${project.writeKey}/n`]))
      expect(complaints).toEqual([])
      await context.close()
    }, 120_000)

    it("send nothing of who asked not to be tracked", async () => {
      const project = await projectOf()
      const { context, page, sent } = await visitor(browser, {
        init: `Object.defineProperty(navigator, "globalPrivacyControl", { value: true })`
      })
      await page.goto(`${site.url}/home`)
      await page.waitForFunction("window.tracker?.track")
      await page.evaluate(`tracker.consent("granted")`)
      await page.evaluate(`tracker.track("seen")`)
      await page.goto(`${site.url}/outside`)
      expect(sent).toEqual([])
      expect(await client.accounting(project)).toMatchObject({ accepted: 0 })
      await context.close()
    }, 120_000)

    it("speak for programs in a page: offline, over reloads, while it ends", async () => {
      const project = await projectOf()
      const { complaints, context, kept, page } = await visitor(browser)
      await page.goto(`${site.url}/program`)
      await page.waitForFunction("window.client")
      await page.evaluate(`client.track("pending")`)
      expect(await kept()).toEqual([])
      await page.evaluate(`client.consent("granted")`)
      await context.setOffline(true)
      await page.evaluate(`client.track("offline")`)
      await page.close()
      await context.setOffline(false)
      const next = await context.newPage()
      await next.goto(`${site.url}/program`)
      await next.waitForFunction("window.client")
      await next.evaluate(`client.consent("granted"); client.identify("u-1")`)
      await next.evaluate(`client.track("last")`)
      await next.goto(`${site.url}/outside`)
      const events = await stored(project, 4, 3)
      await context.close()
      expect(namesOf(events)).toEqual(["last", "offline", "pending"])
      expect(events.find(({ event }) => event === "last")?.userId).toBe("u-1")
      expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1)
      expect(complaints).toEqual([])
    }, 120_000)
  }
)
