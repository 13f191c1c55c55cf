import { startServer } from "./Server.ts"
import { serverConfig } from "./ServerConfig.ts"

const line = (fields: Readonly<Record<string, unknown>>): void => {
  process.stdout.write(`${JSON.stringify(fields)}\n`)
}

try {
  const startedAt = performance.now()
  const config = serverConfig(process.argv.slice(2), process.env)
  const server = startServer(config)
  line({
    event: "listening",
    url: server.url,
    port: server.port,
    pid: process.pid,
    version: server.version,
    path: config.path,
    startMs: Math.round(performance.now() - startedAt)
  })
  const stop = async () => {
    process.off("SIGTERM", stop).off("SIGINT", stop)
    await server.stop()
    line({ event: "stopped" })
    process.exit(0)
  }
  process.on("SIGTERM", stop).on("SIGINT", stop)
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  line({ event: "failed", message })
  process.exit(1)
}
