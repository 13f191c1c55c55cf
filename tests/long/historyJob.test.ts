import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { zipSync } from "fflate"
import { signal } from "../chaos/Kills.ts"
import { type Client, makeClient } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"

const files = 60
const perFile = 5000
const rows = files * perFile
const kills = 4

/** Of every third row the user's properties are known, which makes an event of its own. */
const lineOf = (n: number): string =>
  JSON.stringify({
    $insert_id: `a-${n}`,
    uuid: `uuid-${n}`,
    event_time: `2026-03-01 10:00:${String(n % 60).padStart(2, "0")}.000000`,
    event_type: "Item Sent",
    user_id: `u${n % 1000}`,
    device_id: `d${n % 1000}`,
    event_properties: { n, text: "shoe" },
    user_properties: n % 3 === 0 ? { seen: n } : {}
  })

/** An export as Amplitude's API answers it: a packed file of lines for each hour. */
const archive = (): Uint8Array =>
  zipSync(
    Object.fromEntries(
      Array.from({ length: files }, (_, file) => {
        const lines = Array.from({ length: perFile }, (_, n) =>
          lineOf(file * perFile + n)
        )
        return [`1/1_2026-03-01_${file}#1.json.gz`, gzipSync(lines.join("\n"))]
      })
    ),
    { level: 0 }
  )

interface Job {
  readonly id: string
  readonly state: string
  readonly result: { readonly rows: number; readonly accepted: number } | null
  readonly progress: { readonly counts: { readonly rows?: number } } | null
}

if (process.env["TEST_LONG"] === "1")
  describe("a history that is imported while its job is killed", () => {
    let stack: RunningStack
    let client: Client
    const folder = mkdtempSync(join(tmpdir(), "analytics-history-job-"))

    beforeAll(async () => {
      stack = await startStack({ BATCH_IMPORT_PATHS: folder })
      client = await makeClient(stack)
    }, 180_000)

    afterAll(async () => {
      await stack?.stop()
      rmSync(folder, { recursive: true, force: true })
    }, 60_000)

    /** Asked again while the killed process comes back. */
    const ask = async (method: string, path: string, key: string, body?: unknown) => {
      const { services } = await stack.file()
      const end = Date.now() + 60_000
      for (;;) {
        const answer = await client
          .call(method, `${services["batch-processor"]}${path}`, key, body)
          .catch(() => undefined)
        if (answer !== undefined && answer.status < 500) return answer
        if (Date.now() > end) throw new Error(`no answer of ${path}`)
        await Bun.sleep(100)
      }
    }

    it(`is stored once, whole rows and all of them, after ${kills} kills`, async () => {
      const path = join(folder, "export.zip")
      writeFileSync(path, archive())
      const project = await client.createProject("a history")
      const payload = { source: { path }, format: "ndjson", from: "amplitude" }
      const submitted = await ask("POST", "/v1/jobs", project.secretKey, {
        type: "import",
        payload
      })
      expect(submitted.status).toBe(202)
      const { id } = submitted.body as Job
      const jobNow = async () =>
        (await ask("GET", `/v1/jobs/${id}`, project.secretKey)).body as Job
      const rowsOf = (job: Job) => job.progress?.counts.rows ?? 0
      const moments = Array.from({ length: kills }, () =>
        Math.floor(Math.random() * 0.9 * rows)
      ).sort((a, b) => a - b)
      let job = await jobNow()
      for (const moment of moments) {
        while (rowsOf(job) < moment || job.state !== "running") {
          expect(["queued", "running"]).toContain(job.state)
          await Bun.sleep(50)
          job = await jobNow()
        }
        process.stdout.write(`killed at row ${rowsOf(job)}\n`)
        await signal(stack, "batch-processor", "SIGKILL")
        job = await jobNow()
      }
      while (job.state === "queued" || job.state === "running") {
        await Bun.sleep(200)
        job = await jobNow()
      }
      const events = rows + rows / 3
      expect(job).toMatchObject({
        state: "succeeded",
        result: { rows, accepted: events, rejected: {} }
      })
      const accounting = await client.settled(project, 300_000)
      expect(accounting).toMatchObject({
        stored: events,
        quarantined: 0,
        balanced: true
      })
      const series = ["total", "unique_users"].map((measure) => ({
        event: "Item Sent",
        measure
      }))
      const answer = await client.query(project, {
        kind: "trends",
        from: "2026-03-01T00:00:00Z",
        to: "2026-03-02T00:00:00Z",
        interval: "none",
        series: [...series, { event: "Item Sent", measure: "sum", property: "n" }]
      })
      expect(answer.body).toMatchObject({
        result: {
          series: [
            { data: [rows] },
            { data: [1000] },
            { data: [(rows * (rows - 1)) / 2] }
          ]
        }
      })
      process.stdout.write(
        `${JSON.stringify({ kills, rows, events, sentAgain: accounting.duplicate })}\n`
      )
    }, 1_200_000)
  })
