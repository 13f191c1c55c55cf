import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { destinationOf } from "@analytics/notebooks/destination"
import { type Preview, startPreview } from "@analytics/notebooks/preview"
import { freePortBase } from "@analytics/testing/stackPorts"
import type { AxeResults } from "axe-core"
import { type Browser, chromium, type Page } from "playwright-core"
import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import { countFetches, notebookState } from "./notebookState.ts"

const executable =
  process.env["CHROMIUM"] ?? Bun.which("chromium") ?? Bun.which("chromium-browser")
const isLong = process.env["TEST_LONG"] === "1"
/** Where pictures of the notebooks go, to be looked at. */
const pictures = process.env["PAGES_PICTURES"]

const root = join(import.meta.dir, "../..")
/** Pictures drawn in each, when everything is there. */
const notebooks = { funnel: 3, retention: 4, "data-quality": 5, "model-evaluation": 6 }
const names = Object.keys(notebooks) as ReadonlyArray<keyof typeof notebooks>
const looks = [
  { look: "desk light", viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  { look: "desk dark", viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  { look: "phone light", viewport: { width: 390, height: 844 }, colorScheme: "light" }
] as const

const noBrowser =
  executable === null ? " (left out: there is none, see docs/testing.md)" : ""

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe.skipIf(!isLong || executable === null)(
  `the notebooks in Chromium${noBrowser}`,
  () => {
    let data: string
    let program: Bun.Subprocess<"ignore", "pipe", "inherit">
    let url: string
    let client: Client
    let demo: Project
    let stack: {
      readonly pids: Readonly<Record<string, number>>
      readonly demo: { readonly projectId: string; readonly secretKey: string }
      readonly services: Readonly<Record<string, string>>
    }
    let browser: Browser
    let axe: string

    beforeAll(async () => {
      data = await mkdtemp(join(tmpdir(), "analytics-notebooks-"))
      program = Bun.spawn(["bun", "notebooks/src/main.ts"], {
        cwd: root,
        env: {
          ...process.env,
          STACK_DATA: data,
          STACK_PORT_BASE: String(await freePortBase()),
          LOG_LEVEL: "Warn"
        },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "inherit"
      })
      url = await readyAt(program.stdout)
      stack = await Bun.file(join(data, "stack.json")).json()
      client = await makeClient({
        file: () => Bun.file(join(data, "stack.json")).json()
      })
      demo = { id: stack.demo.projectId, writeKey: "", secretKey: stack.demo.secretKey }
      axe = await Bun.file(
        Bun.resolveSync("axe-core/axe.min.js", import.meta.dir)
      ).text()
      browser = await chromium.launch({
        executablePath: executable ?? "",
        args: [
          "--no-sandbox",
          "--disable-gpu",
          "--disable-dev-shm-usage",
          // No name is found but this machine's own: there is no network.
          "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
        ]
      })
      if (pictures !== undefined) await mkdir(pictures, { recursive: true })
    }, 400_000)
    afterAll(async () => {
      await browser?.close()
      program?.kill("SIGTERM")
      await program?.exited
      await rm(data, { recursive: true, force: true })
    }, 120_000)

    /** Opens a page, and notes whatever it complains about or asks of others. */
    const opened = async (
      address: string,
      options: Parameters<Browser["newContext"]>[0] = {}
    ) => {
      const context = await browser.newContext({ reducedMotion: "reduce", ...options })
      const page = await context.newPage()
      page.setDefaultTimeout(60_000)
      const complaints: Array<string> = []
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type()))
          complaints.push(message.text())
      })
      page.on("pageerror", (error) => complaints.push(error.message))
      const { origin } = new URL(address)
      page.on("request", (request) => {
        const asked = request.url()
        if (!asked.startsWith(`${origin}/`) && !/^(?:data|blob):/u.test(asked))
          complaints.push(`asked for ${asked}`)
      })
      const answers: Array<Promise<string>> = []
      page.on("response", (response) => {
        answers.push(response.text().catch(() => ""))
      })
      await countFetches(page)
      await page.goto(address)
      const state = await notebookState(page)
      return { context, page, complaints, answers, state }
    }

    describe.each([...looks])("$look", ({ look, ...options }) => {
      it.each([...names])(
        "%s: every cell ran, every picture is drawn",
        async (name) => {
          const address = `${url}/${name}.html`
          const { answers, complaints, context, page, state } = await opened(
            address,
            options
          )
          expect(state.failed).toEqual([])
          expect(state.waiting).toEqual([])
          expect(state.fulfilled).toBeGreaterThan(10)
          expect(await page.locator(".observablehq--error").count()).toBe(0)
          const drawn = await page.evaluate<ReadonlyArray<[string, number, number]>>(
            `Array.from(document.querySelectorAll("main svg[aria-label]"), (it) => [
              it.getAttribute("aria-label"),
              it.querySelectorAll("rect, circle, path, line").length,
              it.getBoundingClientRect().width
            ])`
          )
          expect(drawn.length).toBe(notebooks[name])
          for (const [label, marks, width] of drawn)
            expect([label, marks > 5, width > 250]).toEqual([label, true, true])
          const background = await page.evaluate<string>(
            "getComputedStyle(document.body).backgroundColor"
          )
          const [red = "255"] = /\d+/u.exec(background) ?? []
          expect(Number(red) < 128).toBe(options.colorScheme === "dark")
          const overflow = await page.evaluate<number>(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
          )
          expect(overflow).toBe(0)
          if (pictures !== undefined)
            await page.screenshot({
              path: join(pictures, `${name}-${look.replace(" ", "-")}.png`),
              fullPage: true
            })
          await page.addScriptTag({ content: axe })
          const { violations } = await page.evaluate<AxeResults>("axe.run()")
          const grave = violations
            .filter(({ impact }) => impact === "serious" || impact === "critical")
            .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 300)}`)
          expect(grave).toEqual([])
          expect(complaints).toEqual([])
          const keys = [stack.demo.secretKey, demo.secretKey.slice(3)]
          const texts = await Promise.all(answers)
          expect(texts.filter((it) => keys.some((key) => it.includes(key)))).toEqual([])
          await context.close()
        },
        240_000
      )
    })

    /** The cells of a column of the table below a cell of the notebook, as text. */
    const column = (page: Page, cell: number, place: number) =>
      page.evaluate<ReadonlyArray<string>>(
        `Array.from(document.querySelectorAll("#cell-${cell} tbody tr"),
          (row) => row.cells[${place}].textContent)`
      )

    /** Waits until a look at the page says what is expected of it. */
    const becomes = async (look: () => Promise<unknown>, expected: unknown) => {
      const end = Date.now() + 60_000
      for (;;) {
        const seen = await look()
        if (Bun.deepEquals(seen, expected)) return
        if (Date.now() > end) expect(seen).toEqual(expected)
        await Bun.sleep(50)
      }
    }

    const grouped = (value: number) => value.toLocaleString("en")

    it("says the same of a funnel as the query, before and after a change", async () => {
      const ask = async (range: string) => {
        const { body } = await client.query(demo, {
          kind: "funnel",
          range,
          order: "ordered",
          windowSeconds: 604_800,
          steps: [
            "Product Viewed",
            "Product Added",
            "Checkout Started",
            "Order Completed"
          ].map((event) => ({ event }))
        })
        const { result } = body as {
          result: { groups: [{ steps: ReadonlyArray<{ count: number }> }] }
        }
        return result.groups[0].steps.map(({ count }) => grouped(count))
      }
      const { complaints, context, page } = await opened(`${url}/funnel.html`)
      const all = await ask("last_90d")
      const lately = await ask("last_7d")
      expect(lately).not.toEqual(all)
      expect(await column(page, 11, 2)).toEqual(all)
      await page.locator("#cell-7 select").last().selectOption({ label: "last_7d" })
      await becomes(() => column(page, 11, 2), lately)
      // Two parameters at once: what was asked first must not come last.
      await page.locator("#cell-7 select").last().selectOption({ label: "last_30d" })
      await page.locator("#cell-7 select").last().selectOption({ label: "last_90d" })
      await becomes(() => column(page, 11, 2), all)
      expect(complaints).toEqual([])
      await context.close()
    }, 120_000)

    it("says the same of retention as the query, before and after a change", async () => {
      const ask = async (mode: string) => {
        const { body } = await client.query(demo, {
          kind: "retention",
          range: "last_90d",
          mode,
          start: {},
          return: {},
          interval: "week",
          periods: 8
        })
        const { cohorts } = (
          body as {
            result: {
              cohorts: ReadonlyArray<{ size: number; counts: ReadonlyArray<number> }>
            }
          }
        ).result
        // The first week after: of each cohort but the two newest, whose week is not over.
        const over = cohorts.slice(0, -2)
        return [
          grouped(over.reduce((sum, { size }) => sum + size, 0)),
          grouped(over.reduce((sum, { counts }) => sum + (counts[1] ?? 0), 0))
        ]
      }
      const { complaints, context, page } = await opened(`${url}/retention.html`)
      const shown = async () => [
        (await column(page, 12, 2))[0],
        (await column(page, 12, 3))[0]
      ]
      const [first, recurring] = [await ask("first_time"), await ask("recurring")]
      expect(first).not.toEqual(recurring)
      expect(await shown()).toEqual(first)
      await page.locator("#cell-6 input[type=radio]").nth(1).check()
      await becomes(shown, recurring)
      expect(complaints).toEqual([])
      await context.close()
    }, 120_000)

    it("says the same of the data as the accounting, of each project", async () => {
      const faulty: Project = {
        id: "",
        writeKey: "",
        ...(await Bun.file(join(data, "notebooks.json")).json())
      }
      const { complaints, context, page } = await opened(`${url}/data-quality.html`)
      const shown = () =>
        page.evaluate<ReadonlyArray<string>>(
          `Array.from(document.querySelectorAll("#cell-7 .card strong"), (it) => it.textContent)`
        )
      const expected = async (project: Project) => {
        const it = await client.accounting(project)
        return [it.accepted, it.stored, it.duplicate, it.quarantined, 0, 0, 0, 0]
          .map(grouped)
          .concat("yes")
      }
      const faults = await expected(faulty)
      // Something of each kind of fault is there to be found.
      expect(faults.slice(0, 4)).not.toContain("0")
      expect(await shown()).toEqual(faults)
      for (const cell of [10, 13, 26])
        expect(await column(page, cell, 1)).not.toEqual([])
      await page.locator("#cell-3 select").selectOption({ label: "The demo's shop" })
      await becomes(shown, await expected(demo))
      expect(complaints).toEqual([])
      await context.close()
    }, 120_000)

    it("judges a model as the job does, and asks it anew", async () => {
      const ml = stack.services["ml-inference"]
      const { body } = await client.call(
        "GET",
        `${ml}/v1/models/orders-soon/versions/1`,
        demo.secretKey
      )
      const { quality } = body as {
        quality: ReadonlyArray<{
          kind: string
          at: string
          rows: number
          auc: { value: number }
        }>
      }
      const measured = quality
        .filter(({ kind }) => kind === "outcome")
        .toSorted((a, b) => (a.at < b.at ? -1 : 1))
      expect(measured.length).toBe(4)
      const { complaints, context, page } = await opened(`${url}/model-evaluation.html`)
      const shown = () =>
        page.evaluate<ReadonlyArray<string | undefined>>(
          `["predictions", "auc"].map((id) => document.getElementById(id)?.textContent)`
        )
      for (const { at, auc, rows } of measured) {
        await page.locator("#cell-16 select").selectOption({ label: at.slice(0, 10) })
        await becomes(shown, [grouped(rows), auc.value.toFixed(3)])
      }
      // A project without a model, and back: what waited runs again.
      await page.locator("#cell-3 select").selectOption({ label: "A shop with faults" })
      await becomes(() => page.locator(".note").count(), 1)
      await page.locator("#cell-3 select").selectOption({ label: "The demo's shop" })
      const [last] = measured.toReversed()
      await becomes(shown, [grouped(last?.rows ?? 0), last?.auc.value.toFixed(3)])
      for (const [input, output] of [
        [page.locator("#cell-27 input[type=number]").last(), "probability"],
        [page.locator("#cell-19 input[type=number]"), "lift"]
      ] as const) {
        const text = () =>
          page.evaluate<string>(
            `document.getElementById("${output}")?.textContent ?? ""`
          )
        const before = await text()
        await input.fill("3")
        await becomes(async () => ["", before].includes(await text()), false)
      }
      expect(complaints).toEqual([])
      await context.close()
    }, 120_000)

    it("say what to do in an empty project", async () => {
      const empty = await client.createProject("Nothing yet")
      const preview: Preview = await startPreview({
        port: 0,
        destination: destinationOf(data, empty.secretKey)
      })
      for (const name of names) {
        const { complaints, context, page, state } = await opened(
          `${preview.url}/${name}.html`
        )
        expect([name, state.failed, complaints]).toEqual([name, [], []])
        expect(state.waiting.length).toBeGreaterThan(3)
        const note = await page.locator(".note").first().textContent()
        expect(note).toMatch(/no (?:events|model) yet/u)
        expect(await page.locator("main svg[aria-label]").count()).toBe(0)
        await context.close()
      }
      await preview.close()
    }, 240_000)

    it("give no file of the machine away, and answer to no other name", async () => {
      const status = async (path: string, headers = {}) =>
        (await fetch(url + path, { headers })).status
      for (const path of [
        `/@fs${data}/stack.json`,
        `/@fs${data}/stack.json?import&raw`,
        `/@fs${data}/stack.json?url`,
        `/@fs${join(root, "package.json")}`,
        `/@fs${join(root, "notebooks/../package.json")}`,
        "/@fs/etc/passwd",
        "/docs/..%2fpackage.json"
      ])
        expect([path, [403, 404].includes(await status(path))]).toEqual([path, true])
      expect(await status("/docs/notebooks.md")).toBe(200)
      const accounting = "/stack/demo/data-ingestion/v1/accounting"
      expect(await status(accounting)).toBe(200)
      expect(await status(accounting, { host: "example.com" })).toBe(403)
      expect(await status("/funnel.html", { host: "example.com" })).toBe(403)
    })

    it("end with Ctrl-C, and the stack that they started too", async () => {
      const { pids } = stack
      expect(Object.values(pids).filter(isAlive).length).toBeGreaterThan(5)
      program.kill("SIGINT")
      await program.exited
      await becomes(
        async () => Object.entries(pids).filter(([, pid]) => isAlive(pid)),
        []
      )
      expect(existsSync(join(data, "stack.json"))).toBe(false)
    }, 120_000)
  }
)

/** The address that the program prints when the notebooks can be opened. */
const readyAt = (output: ReadableStream<Uint8Array>): Promise<string> =>
  new Promise((ready, failed) => {
    const all = async () => {
      let text = ""
      const decoder = new TextDecoder()
      // To the end: a program whose output nobody reads cannot say that it has ended.
      for await (const chunk of output) {
        text += decoder.decode(chunk, { stream: true })
        const [, url] =
          /^ {2}(http:\/\/127\.0\.0\.1:\d+)\/funnel\.html$/mu.exec(text) ?? []
        if (url !== undefined) ready(url)
      }
      failed(new Error(`the notebooks ended:\n${text}`))
    }
    all().catch(failed)
  })
