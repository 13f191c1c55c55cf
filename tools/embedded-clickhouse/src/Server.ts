import { mkdirSync } from "node:fs"
import { Canceller } from "./Canceller.ts"
import { writeEngineConfig } from "./EngineConfigFile.ts"
import { EngineError } from "./EngineError.ts"
import { EnginePool } from "./EnginePool.ts"
import { Handler } from "./Handler.ts"
import { BodyBudget } from "./RequestBody.ts"
import type { ServerConfig } from "./ServerConfig.ts"
import { openEngine } from "./SmokeTest.ts"

export interface RunningServer {
  readonly url: string
  readonly port: number
  readonly version: string
  /** Lets running statements end, then cancels them; bounded. */
  readonly stop: () => Promise<void>
}

const workerUrl = new URL("./engine-worker.ts", import.meta.url)

/** Milliseconds: each wait of the server is bounded by one of these. */
const limits = {
  query: 600_000,
  stall: 60_000,
  body: 60_000,
  queue: 30_000,
  kill: 10_000
}

const drain = { gentle: 8_000, cancelled: 3_000 }

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

/** Opens the data and listens. */
export const startServer = (config: ServerConfig): RunningServer => {
  const { keeper, version, timezone } = openData(config)
  const connect = [`--path=${config.path}`]
  const pool = (size: number) =>
    new EnginePool({ workerUrl, size, queue: config.queue, queueMs: limits.queue })
  const queries = pool(config.queries)
  const inserts = pool(config.inserts)
  const kills = pool(2)
  const canceller = new Canceller(kills, { connect, graceMs: limits.kill })
  const handler = new Handler({
    identity: { version, timezone },
    connect,
    credentials: config.credentials,
    queries,
    inserts,
    kills,
    canceller,
    budget: new BodyBudget(config.maxBody * 4),
    bodyLimits: { bytes: config.maxBody, ms: limits.body },
    queryMs: limits.query,
    stallMs: limits.stall
  })
  const server = Bun.serve({
    hostname: config.host,
    port: config.port,
    reusePort: false,
    maxRequestBodySize: config.maxBody + 1024 * 1024,
    // Statements may be silent for long; their own limits end them.
    idleTimeout: 0,
    fetch: handler.handle
  })
  return {
    url: `http://${config.host}:${server.port}`,
    port: server.port ?? config.port,
    version,
    stop: async () => {
      await Promise.race([server.stop(false), Bun.sleep(drain.gentle)])
      await Promise.race([server.stop(true), Bun.sleep(drain.cancelled)])
      for (const each of [queries, inserts, kills]) each.close()
      if (handler.active === 0) keeper.close()
    }
  }
}
