import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePortBase } from "@analytics/testing/stackPorts"
import { eventOf } from "../loader/stores.ts"

/**
 * Rows a second of an import job, from its submission until the last event is stored, by a
 * whole local stack; beside it what a loader alone moves: `bun bench/import/main.ts [rows]`.
 */
const ROWS = Number(process.argv[2] ?? 600_000)
const root = join(import.meta.dir, "../..")
const THIRTY_DAYS = 30 * 86_400_000

const run = async (args: ReadonlyArray<string>, env: Record<string, string> = {}) => {
  const child = Bun.spawn([process.execPath, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 900_000
  })
  const [text, code] = await Promise.all([
    new Response(child.stdout).text(),
    child.exited
  ])
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${text}`)
  return text
}

/** The events of the loader's bench, as a client writes them. */
const writeRows = async (path: string): Promise<number> => {
  const writer = Bun.file(path).writer({ highWaterMark: 4 * 1024 * 1024 })
  const start = Date.now() - THIRTY_DAYS
  for (let n = 0; n < ROWS; n++) {
    const { a, c, d, e, t, u } = eventOf(n, start + (n / ROWS) * THIRTY_DAYS * 0.9)
    const event = { type: "track", event: e, userId: u, anonymousId: a }
    const timestamp = new Date(t).toISOString()
    writer.write(
      `${JSON.stringify({ ...event, timestamp, properties: d, context: c })}\n`
    )
    if (n % 10_000 === 0) await writer.flush()
  }
  await writer.end()
  return Bun.file(path).size
}

const call = async (url: string, key: string, body?: object) => {
  const response = await fetch(url, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(`${url}: ${JSON.stringify(answer)}`)
  return answer
}

/** Asks until the answer is as wanted. */
const until = async <A>(ask: () => Promise<unknown>, isSo: (answer: A) => boolean) => {
  for (;;) {
    const answer = (await ask()) as A
    if (isSo(answer)) return answer
    await Bun.sleep(50)
  }
}

const data = await mkdtemp(join(tmpdir(), "analytics-bench-import-"))
const env = {
  STACK_DATA: data,
  STACK_PORT_BASE: String(await freePortBase()),
  BATCH_IMPORT_PATHS: data,
  LOG_LEVEL: "Warn"
}
const path = join(data, "rows.ndjson")
const bytes = await writeRows(path)
let sent = 0
let stored = 0
try {
  await run(["tools/stack/src/main.ts", "start", "--detach", "--no-demo"], env)
  const { adminKey, services } = JSON.parse(
    await readFile(join(data, "stack.json"), "utf8")
  ) as { adminKey: string; services: Record<string, string> }
  const project = (await call(`${services["analytics-api"]}/v1/projects`, adminKey, {
    name: "import"
  })) as { secretKey: string }
  const begin = performance.now()
  const job = (await call(`${services["batch-processor"]}/v1/jobs`, project.secretKey, {
    type: "import",
    payload: { source: { path }, format: "ndjson" }
  })) as { id: string }
  const { state } = await until<{ state: string }>(
    () => call(`${services["batch-processor"]}/v1/jobs/${job.id}`, project.secretKey),
    ({ state }) => state !== "queued" && state !== "running"
  )
  if (state !== "succeeded") throw new Error(`the import is ${state}`)
  sent = (performance.now() - begin) / 1000
  const account = await until<{ pending: number; stored: number }>(
    () => call(`${services["data-ingestion"]}/v1/accounting`, project.secretKey),
    ({ pending }) => pending === 0
  )
  stored = (performance.now() - begin) / 1000
  if (account.stored !== ROWS)
    throw new Error(`${account.stored} of ${ROWS} are stored`)
} finally {
  await run(["tools/stack/src/main.ts", "stop"], env)
  await rm(data, { recursive: true, force: true })
}
const loader = await run(["bench/loader/sustained.ts", String(ROWS), "0"])
const loaderRate = Number(/eventsPerSecond\W+(\d+)/u.exec(loader)?.[1])
const rate = Math.round(ROWS / stored)
process.stdout.write(
  `${JSON.stringify({
    rows: ROWS,
    bytesPerRow: Math.round(bytes / ROWS),
    sentPerSecond: Math.round(ROWS / sent),
    storedPerSecond: rate,
    loaderPerSecond: loaderRate,
    ratio: Number((rate / loaderRate).toFixed(2))
  })}\n`
)
