import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as EmbeddedPostgres from "@analytics/embedded-postgres/EmbeddedPostgres"
import { ensureTemplate } from "@analytics/testing/TestPostgres"
import { Effect } from "effect"

const root = join(import.meta.dir, "../..")
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3)

interface Figures {
  readonly eventsPerSecond: number
  readonly p50: number
  readonly p99: number
  readonly failed: number
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })

const spawn = (args: ReadonlyArray<string>, env: Record<string, string>) =>
  Bun.spawn([process.execPath, ...args], {
    cwd: root,
    env: { ...process.env, LOG_LEVEL: "Error", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit"
  })

const ready = async (url: string) => {
  const end = Date.now() + 20_000
  while (Date.now() < end) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    await Bun.sleep(50)
  }
  throw new Error(`${url} did not become ready`)
}

const load = async (url: string, events: number): Promise<Figures> => {
  const client = spawn(["bench/ingest/client.ts"], { URL: url, EVENTS: String(events) })
  const text = await new Response(client.stdout).text()
  return JSON.parse(text)
}

const best = (all: ReadonlyArray<Figures>): Figures =>
  all.reduce((a, b) => (b.eventsPerSecond > a.eventsPerSecond ? b : a))

const line = (name: string, figures: Figures) =>
  `  ${name.padEnd(8)} ${figures.eventsPerSecond.toLocaleString("en").padStart(9)} events/s` +
  `  p50 ${figures.p50} ms  p99 ${figures.p99} ms  failed ${figures.failed}`

/** The receiver against itself without storing, in turns on the same machine. */
const compare = async (databaseUrl: string) => {
  const start = async (env: Record<string, string>) => {
    const port = await freePort()
    const server = spawn(["bench/ingest/server.ts"], {
      PORT: String(port),
      NODE_ENV: "production",
      // What one project may send is not what is measured.
      INGEST_PROJECT_EVENTS_PER_SECOND: "100000000",
      INGEST_MAX_PROJECT_BACKLOG: "1000000000",
      ...env
    })
    const url = `http://127.0.0.1:${port}`
    await ready(url)
    return { server, url }
  }
  const nothing = await start({ SINK: "null" })
  const durable = await start({ DATABASE_URL: databaseUrl })
  try {
    for (const events of [20, 1]) {
      const figures = { nothing: [] as Figures[], durable: [] as Figures[] }
      for (let round = 0; round <= rounds; round++) {
        const a = await load(nothing.url, events)
        const b = await load(durable.url, events)
        // The first round warms both.
        if (round === 0) continue
        figures.nothing.push(a)
        figures.durable.push(b)
      }
      const [a, b] = [best(figures.nothing), best(figures.durable)]
      const ratio = (b.eventsPerSecond / a.eventsPerSecond).toFixed(2)
      process.stdout.write(
        `acknowledged, ${events} event(s) a request, 64 connections: ratio ${ratio}\n` +
          `${line("null", a)}\n${line("durable", b)}\n`
      )
    }
  } finally {
    for (const { server } of [nothing, durable]) {
      server.kill()
      await server.exited
    }
  }
}

const program = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-bench-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
  )
  const postgres = yield* EmbeddedPostgres.start({ dataDir: join(folder, "pg") })
  const url = new URL(postgres.url)
  url.pathname = yield* ensureTemplate(postgres.url)
  yield* Effect.promise(() => compare(url.href))
}).pipe(Effect.scoped)

if (import.meta.main) await Effect.runPromise(program)
