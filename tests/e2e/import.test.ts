import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { zipSync } from "fflate"
import { type Client, makeClient, type Project } from "./Client.ts"
import { histories, recorder, SENT } from "./histories.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"

interface Job {
  readonly id: string
  readonly state: string
  readonly error: unknown
  readonly result: { readonly accepted: number; readonly rows: number }
}

const folder = mkdtempSync(join(tmpdir(), "analytics-import-e2e-"))
let stack: RunningStack
let client: Client
let batch: string

beforeAll(async () => {
  stack = await startStack({
    BATCH_IMPORT_PATHS: folder,
    BATCH_IMPORT_HOSTS: "localhost,[::1],169.254.169.254",
    BATCH_UPLOAD_MAX_BYTES: "64 KiB"
  })
  client = await makeClient(stack)
  batch = (await stack.file()).services["batch-processor"]
}, 180_000)

afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true })
}, 60_000)

const submit = (project: Project, payload: object) =>
  client.call("POST", `${batch}/v1/jobs`, project.secretKey, {
    type: "import",
    payload
  })

const ended = async (project: Project, payload: object): Promise<Job> => {
  const submitted = await submit(project, payload)
  expect(submitted).toMatchObject({ status: 202 })
  const url = `${batch}/v1/jobs/${(submitted.body as Job).id}`
  const end = Date.now() + 60_000
  for (;;) {
    const job = (await client.call("GET", url, project.secretKey)).body as Job
    if (!["queued", "running"].includes(job.state)) return job
    if (Date.now() > end) throw new Error(JSON.stringify(job))
    await Bun.sleep(50)
  }
}

const upload = async (project: Project, body: Uint8Array<ArrayBuffer>) => {
  const response = await fetch(`${batch}/v1/uploads`, {
    method: "POST",
    headers: { authorization: `Bearer ${project.secretKey}` },
    body
  })
  return { status: response.status, body: (await response.json()) as { id: string } }
}

const orders = [
  "who,what,when,price",
  ...Array.from(
    { length: 300 },
    (_, n) => `u${n % 40},order,1997010${1 + (n % 9)},${n / 2}`
  ),
  "u1,order,never,1",
  "u2,order"
].join("\n")
const mapping = {
  eventColumn: "what",
  userColumn: "who",
  timestampColumn: "when",
  timestampFormat: "yyyyMMdd",
  numbers: ["price"]
}

describe("an import", () => {
  it("stores an upload once, at the times it names, however often it is imported", async () => {
    const project = await client.createProject("import")
    const sent = await upload(project, gzipSync(orders))
    expect(sent.status).toBe(201)
    const payload = { source: { upload: sent.body.id }, format: "csv", mapping }
    expect(await ended(project, { ...payload, dryRun: true })).toMatchObject({
      state: "succeeded",
      result: { rows: 302, events: 300, eventNames: { order: 300 } }
    })
    expect(await client.settled(project)).toMatchObject({ accepted: 0, stored: 0 })
    for (const _ of [1, 2])
      expect(await ended(project, payload)).toMatchObject({
        state: "succeeded",
        result: { rows: 302, accepted: 300 }
      })
    expect(await client.settled(project)).toMatchObject({
      accepted: 600,
      stored: 300,
      duplicate: 300,
      balanced: true
    })
    const answer = await client.query(project, {
      kind: "trends",
      from: "1997-01-01T00:00:00Z",
      to: "1997-02-01T00:00:00Z",
      interval: "none",
      series: [{ event: "order", measure: "sum", property: "price" }]
    })
    expect(answer.body).toMatchObject({
      result: { series: [{ data: [(299 * 300) / 4] }] }
    })
  }, 120_000)

  it.each(histories)(
    "of $from brings nothing twice that its client sent live",
    async ({ exportOf, from, live }) => {
      const count = 40
      const project = await client.createProject(from)
      const tape = recorder(client.ingestion)
      await live(tape.url, project.writeKey, count)
      await tape.stop()
      expect(await client.settled(project)).toMatchObject({ stored: count })
      const asked = {
        kind: "trends",
        range: "last_7d",
        interval: "none",
        // What a server library calls itself is nobody's browser.
        includeBots: true,
        series: [
          { event: SENT, measure: "total" },
          { event: SENT, measure: "unique_users" },
          { event: SENT, measure: "sum", property: "n" }
        ]
      }
      const answers = async () => {
        const { body } = await client.query(project, asked)
        return (body as { result: { series: ReadonlyArray<object> } }).result.series
      }
      const before = await answers()
      expect(before).toMatchObject([
        { data: [count] },
        { data: [10] },
        { data: [(count * (count - 1)) / 2] }
      ])
      const source = { upload: (await upload(project, exportOf(tape.sent))).body.id }
      expect(await ended(project, { source, format: "ndjson", from })).toMatchObject({
        state: "succeeded",
        result: { rows: count, accepted: count, rejected: {} }
      })
      expect(await client.settled(project)).toMatchObject({
        accepted: 2 * count,
        stored: count,
        duplicate: count,
        quarantined: 0,
        balanced: true
      })
      expect(await answers()).toEqual(before)
      expect(
        await submit(project, { source, format: "parquet", from: "amplitude" })
      ).toMatchObject({ status: 422, body: { errors: [{ pointer: "/payload/from" }] } })
    },
    60_000
  )

  it("stores every event of a row once, and larger ones than live", async () => {
    const project = await client.createProject("rows of several events")
    const visit = (id: number, note: string) => ({
      idVisit: id,
      visitorId: "0123456789abcdef",
      actionDetails: [
        { type: "action", pageId: 1, timestamp: 1_772_359_200, note },
        { type: "goal", goalId: 2, timestamp: 1_772_359_201, revenue: 4 }
      ]
    })
    const text = "x".repeat(900 * 1024)
    const lines = [visit(1, "small"), visit(2, text), visit(3, "small")]
    const path = join(folder, "visits.zip")
    writeFileSync(
      path,
      zipSync({
        "1.json": Buffer.from(lines.map((line) => JSON.stringify(line)).join("\n")),
        "2.json.gz": gzipSync(JSON.stringify(visit(4, "small")))
      })
    )
    const payload = { source: { path }, format: "ndjson", from: "matomo" }
    expect(await ended(project, { ...payload, dryRun: true })).toMatchObject({
      result: { rows: 4, events: 8, eventNames: { $pageview: 4, "Goal Completed": 4 } }
    })
    for (const _ of [1, 2])
      expect(await ended(project, payload)).toMatchObject({
        result: { rows: 4, accepted: 8, rejected: {} }
      })
    expect(await client.settled(project)).toMatchObject({
      accepted: 16,
      stored: 8,
      duplicate: 8,
      quarantined: 0,
      balanced: true
    })
  }, 60_000)

  it("is refused, and nothing started, where its source is hostile", async () => {
    const project = await client.createProject("hostile")
    const other = await client.createProject("other")
    const secret = join(tmpdir(), `analytics-secret-${crypto.randomUUID()}`)
    writeFileSync(secret, "secret")
    symlinkSync(secret, join(folder, "link.csv"))
    const theirs = await upload(other, new Uint8Array([0x61, 0x0a]))
    const refusal = async (source: object, more: object = {}) => {
      const { body, status } = await submit(project, {
        source,
        format: "ndjson",
        ...more
      })
      return `${status} ${JSON.stringify(body)}`
    }
    const hostile: ReadonlyArray<readonly [object, RegExp]> = [
      [{ path: `${folder}/../${secret}` }, /^422 .*source\/path/u],
      [{ path: join(folder, "link.csv") }, /^422 .*not below a folder/u],
      [{ path: "/etc/passwd" }, /^422 .*not below a folder/u],
      [{ path: "\0" }, /^422 /u],
      [{ url: "https://localhost/x" }, /^422 .*not public/u],
      [{ url: "https://[::1]/x" }, /^422 .*not public/u],
      [{ url: "https://169.254.169.254/latest/meta-data" }, /^422 .*not public/u],
      [{ url: "https://example.com/x" }, /^422 .*BATCH_IMPORT_HOSTS/u],
      [{ url: "file:///etc/passwd" }, /^422 .*source\/url/u],
      [{ url: "s3://bucket/key" }, /^422 .*BATCH_IMPORT_BUCKETS/u],
      [{ upload: crypto.randomUUID() }, /^422 .*no such upload/u],
      [{ upload: theirs.body.id }, /^422 .*no such upload/u],
      [{ path: "/x", url: "https://x" }, /^422 /u],
      [{}, /^422 /u]
    ]
    for (const [source, reason] of hostile)
      expect(await refusal(source)).toMatch(reason)
    const good = { upload: (await upload(project, new Uint8Array([0x0a]))).body.id }
    for (const more of [{ format: "xls" }, { mapping: {} }, { nonsense: 1 }])
      expect(await refusal(good, more)).toMatch(/^422 /u)
    expect((await upload(project, new Uint8Array(65 * 1024))).status).toBe(413)
    const { body } = await client.call("GET", `${batch}/v1/jobs`, project.secretKey)
    expect(body).toMatchObject({ jobs: [] })
    rmSync(secret)
  }, 60_000)
})
