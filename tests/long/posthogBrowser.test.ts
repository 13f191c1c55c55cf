import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { join } from "node:path"
import { type Browser, chromium } from "playwright-core"
import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import { flakyProxy } from "../e2e/FlakyProxy.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import { type Captured, serveSite, type Visited, visit } from "./posthogPage.ts"

const executable =
  process.env["CHROMIUM"] ?? Bun.which("chromium") ?? Bun.which("chromium-browser")
const isLong = process.env["TEST_LONG"] === "1"

/** A running stack's STACK_DATA in place of one of its own. */
const running = process.env["SDK_STACK"]

const noBrowser =
  executable === null ? " (left out: there is none, see docs/testing.md)" : ""

/** What lists of blockers hold of this library's addresses, and its name. */
const blocked = /\/(e|i\/v0\/e|s|flags|decide)\/?(\?|$)|\/array\/|\/static\/|posthog/

interface StoredEvent {
  readonly event: string
  readonly messageId: string
  readonly userId: string | null
  readonly anonymousId: string | null
  readonly properties: Readonly<Record<string, unknown>>
}

/** The ids that must be stored of what a page made. */
const idsOf = (captured: ReadonlyArray<Captured>): ReadonlyArray<string> =>
  captured.flatMap(({ changesTraits, event, uuid }) =>
    changesTraits && !["$identify", "$set"].includes(event)
      ? [uuid, `${uuid}$set`]
      : [uuid]
  )

describe.skipIf(!isLong || executable === null)(
  `posthog-js in Chromium${noBrowser}`,
  () => {
    let own: RunningStack | undefined
    let browser: Browser
    let client: Client
    let adminKey: string
    let site: Awaited<ReturnType<typeof serveSite>>

    beforeAll(async () => {
      if (running === undefined) own = await startStack()
      const file =
        own?.file ?? (() => Bun.file(join(running ?? "", "stack.json")).json())
      adminKey = (await file()).adminKey
      client = await makeClient({ file })
      site = await serveSite()
      browser = await chromium.launch({
        executablePath: executable ?? "",
        args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
      })
    }, 300_000)
    afterAll(async () => {
      await browser?.close()
      await site?.stop()
      await own?.stop()
    }, 60_000)

    /** A project with a key that the library carries already. */
    const adopted = async (): Promise<{ project: Project; key: string }> => {
      const project = await client.createProject("posthog-js")
      const key = `phc_${crypto.randomUUID().replaceAll("-", "")}`
      const url = `${client.api}/v1/projects/${project.id}/keys`
      const answer = await client.call("POST", url, adminKey, { kind: "write", key })
      expect(answer.status).toBe(201)
      return { project, key }
    }

    const storedOf = async (project: Project): Promise<ReadonlyArray<StoredEvent>> => {
      await client.settled(project)
      const answer = await client.query(project, { kind: "events", limit: 1000 })
      expect(answer.status).toBe(200)
      return (answer.body as { result: { events: ReadonlyArray<StoredEvent> } }).result
        .events
    }

    /**
     * Waits until all that the page made is stored, and expects nothing else to be. What
     * is under way when a page closes is sent again, and counts as a duplicate.
     */
    const allStored = async (
      project: Project,
      { captured }: Pick<Visited, "captured">
    ) => {
      const end = Date.now() + 60_000
      let stored: ReadonlyArray<StoredEvent> = []
      while (Date.now() < end) {
        const { stored: count } = await client.settled(project)
        stored = await storedOf(project)
        if (count >= idsOf(await captured()).length) break
        await Bun.sleep(200)
      }
      const ids = idsOf(await captured())
      expect(ids).toEqual(
        expect.arrayContaining(stored.map(({ messageId }) => messageId))
      )
      expect(await client.accounting(project)).toMatchObject({
        stored: ids.length,
        quarantined: 0,
        balanced: true
      })
      return stored
    }

    it("stores pages, clicks, users and what a page sends while it closes, once", async () => {
      const { key, project } = await adopted()
      site.use(key, client.ingestion, {})
      const visited = await visit(browser, site.url)
      const { captured, complaints, context, leave, page } = visited
      // Whoever waits for flags goes on.
      await page.waitForFunction("window.flagsCame === true")
      await page.click("#buy")
      await page.evaluate(`history.pushState({}, "", "/cart")`)
      await page.evaluate(`posthog.capture("order completed", { revenue: 39.9 })`)
      await page.evaluate(`posthog.identify("u-1", { plan: "pro" })`)
      await leave()
      const stored = await allStored(project, visited)
      const made = await captured()
      await context.close()

      expect(complaints).toEqual([])
      const named = (event: string) => stored.filter((one) => one.event === event)
      expect(
        named("$pageview")
          .map(({ properties }) => properties["$pathname"])
          .toSorted()
      ).toEqual(["/cart", "/home"])
      expect(named("$autocapture")).toHaveLength(1)
      expect(named("order completed")[0]).toMatchObject({
        userId: null,
        properties: { revenue: 39.9 }
      })
      expect(named("$pageleave").at(-1)).toMatchObject({ userId: "u-1" })
      expect(made.map(({ event }) => event)).toContain("$identify")
      const people = await client.query(project, {
        kind: "trends",
        range: "today",
        interval: "none",
        series: [
          { event: "$pageview", measure: "unique_users" },
          { measure: "unique_users" }
        ]
      })
      expect(people).toMatchObject({
        status: 200,
        body: { result: { series: [{ data: [1] }, { data: [1] }] } }
      })
    }, 120_000)

    it("keeps what was made offline", async () => {
      const { key, project } = await adopted()
      site.use(key, client.ingestion, {})
      const visited = await visit(browser, site.url)
      const { context, page } = visited
      await page.evaluate(`posthog.capture("before")`)
      await allStored(project, visited)
      await context.setOffline(true)
      // Tried once while there is no network.
      const failed = page.waitForEvent("requestfailed")
      await page.evaluate(
        `for (const n of [1, 2, 3]) posthog.capture("offline", { n })`
      )
      await failed
      await context.setOffline(false)
      const stored = await allStored(project, visited)
      await context.close()
      expect(stored.filter(({ event }) => event === "offline")).toHaveLength(3)
    }, 120_000)

    it("sends again after 503, cut connections, and answers that got lost", async () => {
      const { key, project } = await adopted()
      const proxy = await flakyProxy(client.ingestion)
      try {
        site.use(key, proxy.url, { advanced_disable_flags: true })
        const headers = { "access-control-allow-origin": "*", "retry-after": "1" }
        proxy.next(
          { kind: "answer", status: 503, headers, body: "{}" },
          { kind: "cut", when: "after" },
          { kind: "cut", when: "before" }
        )
        const visited = await visit(browser, site.url)
        const { context, page } = visited
        for (const n of [1, 2, 3]) {
          await page.evaluate(`posthog.capture("again", { n: ${n} })`)
          await page
            .waitForResponse(() => true, { timeout: 400 })
            .catch(() => undefined)
        }
        const end = Date.now() + 60_000
        while (!proxy.done() && Date.now() < end) await Bun.sleep(100)
        const expected = idsOf(await visited.captured()).length
        let state = await client.settled(project)
        while (state.stored < expected && Date.now() < end) {
          await Bun.sleep(200)
          state = await client.settled(project)
        }
        await context.close()
        expect(proxy.done()).toBe(true)
        expect(state).toMatchObject({
          stored: expected,
          quarantined: 0,
          balanced: true
        })
      } finally {
        proxy[Symbol.dispose]()
      }
    }, 120_000)

    it("is not stopped by lists of its addresses, behind the key and other names", async () => {
      const { key, project } = await adopted()
      site.use(key, `${client.ingestion}/w/${key}`, { renamed: true })
      const visited = await visit(browser, site.url, blocked)
      await visited.page.waitForFunction("window.flagsCame === true")
      await visited.page.evaluate(`posthog.capture("seen")`)
      await allStored(project, visited)
      await visited.leave()
      const stored = await allStored(project, visited)
      await visited.context.close()
      expect(visited.complaints).toEqual([])
      expect(stored.filter(({ event }) => event === "seen")).toHaveLength(1)

      // Under the usual names the same lists let nothing pass.
      const other = await adopted()
      site.use(other.key, client.ingestion, {})
      const stopped = await visit(browser, site.url, blocked)
      const failed = stopped.page.waitForEvent("requestfailed")
      await stopped.page.evaluate(`posthog.capture("unseen")`)
      await failed
      // Before it is closed: a beacon passes by what stands here for a blocker.
      expect(await client.accounting(other.project)).toMatchObject({ accepted: 0 })
      await stopped.context.close()
    }, 120_000)

    it("keeps nothing on the device in its mode without cookies", async () => {
      const { key, project } = await adopted()
      site.use(key, client.ingestion, { cookieless_mode: "always" })
      const visited = await visit(browser, site.url)
      await visited.page.evaluate(`posthog.capture("seen")`)
      const stored = await allStored(project, visited)
      expect(await visited.context.cookies()).toEqual([])
      await visited.context.close()
      expect(new Set(stored.map(({ anonymousId }) => anonymousId)).size).toBe(1)
      expect(stored[0]?.anonymousId).toMatch(/^[0-9a-f]{32}$/)
    }, 120_000)
  }
)
