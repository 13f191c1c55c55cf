import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { signal } from "../chaos/Kills.ts"
import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import { writeMsnbc } from "./msnbc.ts"

const zip = join(import.meta.dir, "../../../shared/datasets/msnbc990928.zip")

interface Job {
  readonly id: string
  readonly state: string
  readonly error: unknown
  readonly progress: { readonly done: number; readonly total: number | null } | null
  readonly result: { readonly rows: number; readonly bytes: number } | null
}

const range = { from: "1999-09-28T00:00:00Z", to: "1999-10-12T00:00:00Z" }
const views = { event: "$pageview" }
const queries: ReadonlyArray<object> = [
  {
    kind: "trends",
    ...range,
    interval: "hour",
    series: [
      { ...views, measure: "total" },
      { ...views, measure: "unique_users" }
    ]
  },
  {
    kind: "trends",
    ...range,
    interval: "none",
    series: [{ ...views, measure: "unique_users" }],
    breakdown: ["category"]
  },
  {
    kind: "funnel",
    ...range,
    order: "ordered",
    windowSeconds: 86_400,
    steps: ["frontpage", "news", "sports"].map((value) => ({
      ...views,
      filters: [{ property: "category", op: "is", value }]
    }))
  },
  {
    kind: "retention",
    ...range,
    mode: "first_time",
    start: views,
    return: views,
    interval: "day",
    periods: 3
  },
  { kind: "stickiness", ...range, interval: "day" },
  { kind: "lifecycle", ...range, interval: "day", ...views },
  { kind: "sessions", ...range, property: "category" },
  { kind: "paths", ...range, property: "category" }
]

// The data set is not part of the repository; see docs/testing.md.
if (process.env["TEST_LONG"] === "1" && existsSync(zip))
  describe("an export job", () => {
    let stack: RunningStack
    let client: Client
    const folder = mkdtempSync(join(tmpdir(), "analytics-export-job-"))

    beforeAll(async () => {
      stack = await startStack({ BATCH_IMPORT_PATHS: folder })
      client = await makeClient(stack)
    }, 180_000)

    afterAll(async () => {
      await stack?.stop()
      rmSync(folder, { recursive: true, force: true })
    }, 60_000)

    const url = async (path: string) =>
      `${(await stack.file()).services["batch-processor"]}/v1/jobs${path}`

    /** Asked again while a killed process comes back. */
    const ask = async (method: string, path: string, key: string, body?: unknown) => {
      const end = Date.now() + 60_000
      for (;;) {
        const answer = await client
          .call(method, await url(path), key, body)
          .catch(() => undefined)
        if (answer !== undefined && answer.status < 500) return answer
        if (Date.now() > end) throw new Error(`no answer from ${path}`)
        await Bun.sleep(200)
      }
    }

    const submit = async (project: Project, type: string, payload: object) => {
      const { body, status } = await ask("POST", "", project.secretKey, {
        type,
        payload
      })
      expect(status).toBe(202)
      return body as Job
    }

    const jobOf = async (project: Project, { id }: Job) =>
      (await ask("GET", `/${id}`, project.secretKey)).body as Job

    const done = async (project: Project, job: Job): Promise<Job> => {
      for (;;) {
        const now = await jobOf(project, job)
        if (now.state !== "queued" && now.state !== "running") {
          expect(now).toMatchObject({ state: "succeeded", error: null })
          return now
        }
        await Bun.sleep(200)
      }
    }

    const answers = async (project: Project) => {
      const all: Array<unknown> = []
      for (const query of queries) {
        const { body, status } = await client.query(project, query)
        expect({ query, status }).toEqual({ query, status: 200 })
        all.push((body as { result: unknown }).result)
      }
      return all
    }

    it("MSNBC to Parquet and back, with a kill between two files, is the same", async () => {
      const file = join(folder, "msnbc.ndjson")
      const truth = await writeMsnbc(zip, file)
      const source = await client.createProject("MSNBC")
      const seconds: Record<string, number> = {}
      const timed = async <A>(name: string, work: () => Promise<A>): Promise<A> => {
        const begin = performance.now()
        const value = await work()
        seconds[name] = Math.round((performance.now() - begin) / 1000)
        return value
      }
      await timed("imported", async () => {
        const job = await submit(source, "import", {
          source: { path: file },
          format: "ndjson"
        })
        await done(source, job)
        await client.settled(source, 900_000)
      })
      const exported = await timed("exported", async () => {
        const job = await submit(source, "export", {
          what: { events: {} },
          format: "parquet"
        })
        for (let now = job; (now.progress?.done ?? 0) === 0; ) {
          await Bun.sleep(50)
          now = await jobOf(source, job)
        }
        await signal(stack, "batch-processor", "SIGKILL")
        return await done(source, job)
      })
      expect(exported.result?.rows).toBe(truth.views)
      const target = await client.createProject("MSNBC again")
      await timed("importedAgain", async () => {
        const headers = { authorization: `Bearer ${source.secretKey}` }
        const manifest = await fetch(await url(`/${exported.id}/files/manifest.json`), {
          headers
        })
        const { files } = (await manifest.json()) as {
          files: ReadonlyArray<{ name: string }>
        }
        for (const { name } of files) {
          const path = join(folder, name)
          const answer = await fetch(await url(`/${exported.id}/files/${name}`), {
            headers
          })
          writeFileSync(path, new Uint8Array(await answer.arrayBuffer()))
          const job = await submit(target, "import", {
            source: { path },
            format: "parquet"
          })
          await done(target, job)
        }
        await client.settled(target, 900_000)
      })
      expect(await client.accounting(target)).toMatchObject({
        stored: truth.views,
        duplicate: 0,
        quarantined: 0,
        balanced: true
      })
      expect(await answers(target)).toEqual(await answers(source))
      const report = { views: truth.views, bytes: exported.result?.bytes, seconds }
      process.stdout.write(`${JSON.stringify(report)}\n`)
    }, 3_600_000)
  })
