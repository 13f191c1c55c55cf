import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import type { AxeResults } from "axe-core"
import { type Browser, type BrowserContextOptions, chromium } from "playwright-core"
import { makeClient } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import { type Paths, pagesProject } from "./pagesProject.ts"

const executable =
  process.env["CHROMIUM"] ?? Bun.which("chromium") ?? Bun.which("chromium-browser")
const isLong = process.env["TEST_LONG"] === "1"

/** A running stack's STACK_DATA in place of one of its own. */
const running = process.env["PAGES_STACK"]
/** Where pictures of the pages go, to be looked at. */
const pictures = process.env["PAGES_PICTURES"]

const sizes = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 900 } }
const looks = (["phone", "desk"] as const).flatMap((size) =>
  (["light", "dark"] as const).map((colorScheme) => ({ size, colorScheme }))
)

const noBrowser =
  executable === null ? " (left out: there is none, see docs/testing.md)" : ""

describe.skipIf(!isLong || executable === null)(
  `the pages in Chromium${noBrowser}`,
  () => {
    let stack: RunningStack | undefined
    let browser: Browser
    let engine: string
    let key: string
    let paths: Paths
    let axe: string

    beforeAll(async () => {
      if (running === undefined) stack = await startStack()
      const file =
        stack?.file ?? (() => Bun.file(join(running ?? "", "stack.json")).json())
      engine = (await file()).services["reporting-engine"]
      const made = await pagesProject(await makeClient({ file }), engine)
      key = made.project.secretKey
      paths = made.paths
      axe = await Bun.file(
        Bun.resolveSync("axe-core/axe.min.js", import.meta.dir)
      ).text()
      browser = await chromium.launch({
        executablePath: executable ?? "",
        args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
      })
      if (pictures !== undefined) await mkdir(pictures, { recursive: true })
    }, 300_000)
    afterAll(async () => {
      await browser?.close()
      await stack?.stop()
    }, 60_000)

    /** Somebody who signed in, with what their browser complained about or asked of others. */
    const signedIn = async (options: BrowserContextOptions) => {
      const context = await browser.newContext(options)
      const page = await context.newPage()
      page.setDefaultTimeout(60_000)
      const complaints: Array<string> = []
      page.on("console", (message) => {
        // What answers 404 or 410 says so there.
        if (message.type() === "error" && !/status of 4\d\d/u.test(message.text()))
          complaints.push(message.text())
      })
      page.on("pageerror", (error) => complaints.push(error.message))
      page.on("request", (request) => {
        const url = request.url()
        if (!url.startsWith(`${engine}/`) && !url.startsWith("data:"))
          complaints.push(`asked for ${url}`)
      })
      await page.goto(`${engine}/login`)
      await page.fill("#key", key)
      await page.click("main button")
      expect(page.url()).toBe(`${engine}/`)
      return { context, page, complaints }
    }

    it.each(looks)(
      "work without scripts, for everybody, and fit: $size $colorScheme",
      async ({ colorScheme, size }) => {
        const options = {
          viewport: sizes[size],
          colorScheme,
          reducedMotion: "reduce"
        } as const
        const plain = await signedIn({ ...options, javaScriptEnabled: false })
        // axe is a script, which the policy of the pages forbids.
        const judged = await signedIn({ ...options, bypassCSP: true })
        const problems: Array<string> = []
        for (const [name, path] of Object.entries(paths)) {
          await plain.page.goto(engine + path)
          if (pictures !== undefined)
            await plain.page.screenshot({
              path: join(pictures, `${name}-${size}-${colorScheme}.png`),
              fullPage: true
            })
          await judged.page.goto(engine + path)
          const overflow = await judged.page.evaluate<number>(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
          )
          if (overflow > 0) problems.push(`${name}: ${overflow} px too wide`)
          await judged.page.addScriptTag({ content: axe })
          const { violations } = await judged.page.evaluate<AxeResults>("axe.run()")
          for (const { id, impact, nodes } of violations)
            problems.push(`${name}: ${impact} ${id}: ${nodes[0]?.html.slice(0, 200)}`)
        }
        problems.push(...plain.complaints, ...judged.complaints)
        expect(problems).toEqual([])
        await Promise.all([plain.context.close(), judged.context.close()])
      },
      300_000
    )

    it("are used by keyboard alone, with what has the focus in sight", async () => {
      const context = await browser.newContext({ viewport: sizes.desk })
      const page = await context.newPage()
      page.setDefaultTimeout(60_000)
      const focus = () =>
        page.evaluate<{
          text: string
          tag: string
          outline: string
          shown: boolean
        }>(`(() => {
        const it = document.activeElement
        const box = it.getBoundingClientRect()
        return {
          text: (it.innerText || it.getAttribute("aria-label") || it.name || "").trim(),
          tag: it.tagName,
          outline: getComputedStyle(it).outlineStyle,
          shown: box.width > 0 && box.top >= 0 && box.top < innerHeight
        }
      })()`)
      const tab = async () => {
        await page.keyboard.press("Tab")
        return focus()
      }
      await page.goto(engine + paths["reports"])
      expect((await tab()).text).toBe("Skip to the content")
      expect((await tab()).text).toBe("key")
      await page.keyboard.type(key)
      await Promise.all([
        page.waitForURL(engine + paths["reports"]),
        page.keyboard.press("Enter")
      ])
      const order: Array<string> = []
      for (let stop = 0; stop < 6; stop++) {
        const { outline, shown, text } = await tab()
        expect([text, outline, shown]).not.toContain("none")
        expect([text, shown]).toEqual([text, true])
        order.push(text)
      }
      expect(order).toEqual([
        "Skip to the content",
        "Overview",
        "Dashboards",
        "Reports",
        "Alerts",
        "Sign out"
      ])
      // Past the navigation, to what the page is about.
      await page.goto(engine + paths["reports"])
      await tab()
      await page.keyboard.press("Enter")
      expect((await tab()).tag).toBe("A")
      await Promise.all([
        page.waitForURL(/\/reports\/./u),
        page.keyboard.press("Enter")
      ])
      // Every stop of the fullest page is in sight and marked.
      await page.goto(engine + paths["dashboard"])
      for (let stop = 0; stop < 60; stop++) {
        const { outline, shown, tag, text } = await tab()
        if (tag === "BODY") break
        expect([tag, text, outline !== "none", shown]).toEqual([tag, text, true, true])
      }
      await context.close()
    }, 120_000)

    it("have a report made, and sign out", async () => {
      const { complaints, context, page } = await signedIn({ javaScriptEnabled: false })
      await page.goto(engine + paths["report"])
      await page.click("text=Make it now")
      expect(page.url()).toMatch(/\/runs\/[\w-]{36}$/u)
      const end = Date.now() + 60_000
      while ((await page.locator("nav.no-print a").count()) === 0) {
        if (Date.now() > end) throw new Error("it is not made")
        await page.click("text=Look again")
      }
      expect(await page.locator("h1").textContent()).toBe("Weekly product report")
      await page.click("text=Sign out")
      expect(page.url()).toBe(`${engine}/login`)
      await page.goto(engine + paths["report"])
      expect(page.url()).toStartWith(`${engine}/login?next=`)
      expect(complaints).toEqual([])
      await context.close()
    }, 120_000)

    it("end with the key", async () => {
      const { context, page } = await signedIn({ javaScriptEnabled: false })
      const cookies = await context.cookies()
      expect(cookies).toMatchObject([{ httpOnly: true, sameSite: "Lax", path: "/" }])
      expect(JSON.stringify(cookies)).not.toContain(key)
      await context.addCookies(
        cookies.map((cookie) => ({
          ...cookie,
          value: `${cookie.value.slice(0, -4)}AAAA`
        }))
      )
      await page.goto(engine + paths["reports"])
      expect(page.url()).toStartWith(`${engine}/login`)
      await context.close()
    }, 60_000)
  }
)
