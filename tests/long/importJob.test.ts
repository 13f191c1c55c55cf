import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { signal } from "../chaos/Kills.ts"
import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import { writeMsnbc } from "./msnbc.ts"

const zip = join(import.meta.dir, "../../../shared/datasets/msnbc990928.zip")
const kills = 5

interface Job {
  readonly id: string
  readonly state: string
  readonly error: unknown
  readonly result: { readonly rows: number; readonly accepted: number } | null
  readonly progress: { readonly counts: { readonly rows?: number } } | null
}

/** How many events a second the loader alone moves on this machine now. */
const loaderRate = async (): Promise<number> => {
  const child = Bun.spawn(["bun", "bench/loader/sustained.ts", "400000"], {
    cwd: join(import.meta.dir, "../.."),
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 300_000
  })
  const [text] = await Promise.all([new Response(child.stdout).text(), child.exited])
  return Number(/eventsPerSecond\W+(\d+)/u.exec(text)?.[1])
}

// The data set is not part of the repository; see docs/testing.md.
if (process.env["TEST_LONG"] === "1" && existsSync(zip))
  describe("an import job", () => {
    let stack: RunningStack
    let isUp = false
    let client: Client
    const folder = mkdtempSync(join(tmpdir(), "analytics-import-job-"))
    const file = join(folder, "msnbc.ndjson")

    beforeAll(async () => {
      stack = await startStack({ BATCH_IMPORT_PATHS: folder })
      isUp = true
      client = await makeClient(stack)
    }, 180_000)

    afterAll(async () => {
      if (isUp) await stack.stop()
      rmSync(folder, { recursive: true, force: true })
    }, 60_000)

    /** Asked again while the killed process comes back. */
    const ask = async (method: string, path: string, key: string, body?: unknown) => {
      const { services } = await stack.file()
      const url = `${services["batch-processor"]}${path}`
      const end = Date.now() + 60_000
      for (;;) {
        const answer = await client.call(method, url, key, body).catch(() => undefined)
        if (answer !== undefined && answer.status < 500) return answer
        if (Date.now() > end) throw new Error(`no answer from ${url}`)
        await Bun.sleep(100)
      }
    }

    const jobOf = async (project: Project, id: string) =>
      (await ask("GET", `/v1/jobs/${id}`, project.secretKey)).body as Job

    const rowsOf = (job: Job) => job.progress?.counts.rows ?? 0

    it(`MSNBC: each page view once, with ${kills} kills at random`, async () => {
      const truth = await writeMsnbc(zip, file)
      expect(truth.views).toBe(4_698_794)
      const project = await client.createProject("MSNBC by a job")
      const begin = performance.now()
      const submitted = await ask("POST", "/v1/jobs", project.secretKey, {
        type: "import",
        payload: { source: { path: file }, format: "ndjson" }
      })
      expect(submitted.status).toBe(202)
      const { id } = submitted.body as Job
      const moments = Array.from({ length: kills }, () =>
        Math.floor(Math.random() * 0.9 * truth.views)
      ).sort((a, b) => a - b)
      let job = await jobOf(project, id)
      for (const moment of moments) {
        while (rowsOf(job) < moment || job.state !== "running") {
          expect(["queued", "running"]).toContain(job.state)
          await Bun.sleep(50)
          job = await jobOf(project, id)
        }
        process.stdout.write(`killed at row ${rowsOf(job)}\n`)
        await signal(stack, "batch-processor", "SIGKILL")
        await Bun.sleep(Math.random() * 3000)
        job = await jobOf(project, id)
      }
      while (job.state === "queued" || job.state === "running") {
        await Bun.sleep(200)
        job = await jobOf(project, id)
      }
      const sent = (performance.now() - begin) / 1000
      expect(job).toMatchObject({
        state: "succeeded",
        result: { rows: truth.views, accepted: truth.views, rejected: {} }
      })
      const accounting = await client.settled(project, 900_000)
      const stored = (performance.now() - begin) / 1000
      expect(accounting).toMatchObject({
        stored: truth.views,
        quarantined: 0,
        balanced: true
      })
      const answer = await client.query(project, {
        kind: "trends",
        from: "1999-09-28T00:00:00Z",
        to: "1999-10-12T00:00:00Z",
        interval: "none",
        series: [{ event: "$pageview", measure: "total" }],
        breakdown: ["category"]
      })
      const { series } = (
        answer.body as {
          result: {
            series: ReadonlyArray<{ breakdown: [string]; data: Array<number> }>
          }
        }
      ).result
      const got = series.map((one) => [one.breakdown[0], one.data[0]] as const)
      expect(new Map(got)).toEqual(truth.byCategory)
      // The loader is measured alone.
      await stack.stop()
      isUp = false
      const report = {
        kills,
        sentAgain: accounting.duplicate,
        secondsUntilSent: Math.round(sent),
        secondsUntilStored: Math.round(stored),
        rowsPerSecond: Math.round(truth.views / stored),
        loaderEventsPerSecond: await loaderRate()
      }
      process.stdout.write(`${JSON.stringify(report)}\n`)
    }, 2_400_000)
  })
