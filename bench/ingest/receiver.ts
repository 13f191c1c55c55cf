import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as EmbeddedPostgres from "@analytics/embedded-postgres/EmbeddedPostgres"
import { ensureTemplate } from "@analytics/testing/TestPostgres"
import { Effect } from "effect"

const root = join(import.meta.dir, "../..")

export interface Figures {
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

/** A receiver of its own process; `SINK: "null"` leaves the storing out. */
export const startReceiver = async (env: Record<string, string>) => {
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
  return {
    url,
    stop: async () => {
      server.kill()
      await server.exited
    }
  }
}

/** Sends for some seconds: `events` a request, as clients of the protocol do. */
export const load = async (
  url: string,
  events: number,
  env: Record<string, string> = {}
): Promise<Figures> => {
  const client = spawn(["bench/ingest/client.ts"], {
    URL: url,
    EVENTS: String(events),
    ...env
  })
  const text = await new Response(client.stdout).text()
  return JSON.parse(text)
}

export const best = (all: ReadonlyArray<Figures>): Figures =>
  all.reduce((a, b) => (b.eventsPerSecond > a.eventsPerSecond ? b : a))

export const line = (name: string, figures: Figures) =>
  `  ${name.padEnd(12)} ${figures.eventsPerSecond.toLocaleString("en").padStart(9)} events/s` +
  `  p50 ${figures.p50} ms  p99 ${figures.p99} ms  failed ${figures.failed}`

/** Runs `measure` with the address of an empty, migrated Postgres of its own. */
export const withPostgres = (measure: (url: string) => Promise<void>) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-bench-"))),
      (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
    )
    const postgres = yield* EmbeddedPostgres.start({ dataDir: join(folder, "pg") })
    const url = new URL(postgres.url)
    url.pathname = yield* ensureTemplate(postgres.url)
    yield* Effect.promise(() => measure(url.href))
  }).pipe(Effect.scoped, Effect.runPromise)
