import { mkdirSync } from "node:fs"
import http from "node:http"
import { Engine } from "./Engine.ts"
import { writeEngineConfig } from "./EngineConfigFile.ts"
import { EngineError } from "./EngineError.ts"
import { Handler } from "./Handler.ts"
import { BodyBudget } from "./RequestBody.ts"
import type { ServerConfig } from "./ServerConfig.ts"
import { openEngine } from "./SmokeTest.ts"

export interface RunningServer {
  readonly url: string
  readonly port: number
  readonly version: string
  /**
   * Lets running statements end, then cancels them; takes at most 12 seconds. Tells whether
   * all ended by themselves.
   */
  readonly stop: () => Promise<boolean>
}

const workerUrl = new URL("./engine-worker.ts", import.meta.url)

/** Milliseconds: each wait of the server is bounded by one of these. */
const limits = {
  statement: 600_000,
  stall: 60_000,
  body: 60_000,
  queue: 30_000,
  kill: 10_000,
  drain: 8_000,
  cancelled: 3_000
}

/** Request bodies in memory at once, as a multiple of the largest allowed. */
const BODIES = 4

/** As `http_max_uri_size` of a server: parameters of queries stand in the URL. */
const MAX_HEADERS = 1024 * 1024

const openData = (config: ServerConfig) => {
  mkdirSync(config.path, { recursive: true })
  const file = writeEngineConfig(config)
  try {
    return openEngine([`--path=${config.path}`, `--config-file=${file}`])
  } catch (error) {
    // The engine gives no reason; a taken lock is by far the likeliest.
    if (!(error instanceof EngineError) || error.code !== 210) throw error
    throw new Error(
      `${config.path} cannot be opened: another process has it open, or it may not be written`,
      { cause: error }
    )
  }
}

/** Resolves when `done` holds, at the latest after `ms`. */
/** Whether it was done in time. */
const until = async (done: () => boolean, ms: number): Promise<boolean> => {
  const deadline = Date.now() + ms
  while (!done() && Date.now() < deadline) await Bun.sleep(10)
  return done()
}

/**
 * Opens the data and listens. `onFatal` is called when so many threads hang in the engine
 * that only a new process helps.
 */
export const startServer = (
  config: ServerConfig,
  onFatal: (reason: string) => void
): RunningServer => {
  const { keeper, timezone, version } = openData(config)
  const engine = new Engine({
    workerUrl,
    connect: [`--path=${config.path}`],
    queries: config.queries,
    inserts: config.inserts,
    queue: config.queue,
    queueMs: limits.queue,
    statementMs: limits.statement,
    stallMs: limits.stall,
    killMs: limits.kill,
    onAbandoned: (count) => {
      if (count >= config.inserts) onFatal(`${count} threads hang in the engine`)
    }
  })
  const handler = new Handler({
    identity: { version, timezone },
    credentials: config.credentials,
    engine,
    budget: new BodyBudget(config.maxBody * BODIES),
    bodyLimits: { bytes: config.maxBody, ms: limits.body }
  })
  // Bun's server reads the limit of node:http when it starts; its own option is a flag.
  Object.assign(http, { maxHeaderSize: MAX_HEADERS })
  let stopping = false
  const server = Bun.serve({
    hostname: config.host,
    port: config.port,
    reusePort: false,
    // Slightly more than ours, so that the answer is ours.
    maxRequestBodySize: config.maxBody + 1024 * 1024,
    // Statements may be silent for long; their own limits end them.
    idleTimeout: 0,
    fetch: (request) =>
      stopping
        ? new Response("Stopping\n", { status: 503, headers: { Connection: "close" } })
        : handler.handle(request)
  })
  return {
    url: `http://${config.host}:${server.port}`,
    port: server.port ?? config.port,
    version,
    stop: async () => {
      stopping = true
      // Only stops listening: kept connections would hold its promise for ever.
      void server.stop(false)
      const idle = () => engine.running === 0 && server.pendingRequests === 0
      const drained = await until(idle, limits.drain)
      engine.cancelAll()
      await until(idle, limits.cancelled)
      void server.stop(true)
      const clean = engine.running === 0
      engine.close()
      if (clean) keeper.close()
      return drained
    }
  }
}
