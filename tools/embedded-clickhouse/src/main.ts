import { startServer } from "./Server.ts"
import { serverConfig } from "./ServerConfig.ts"

const line = (fields: Readonly<Record<string, unknown>>): void => {
  process.stdout.write(`${JSON.stringify(fields)}\n`)
}

const fail = (message: string): never => {
  line({ event: "failed", message })
  process.exit(1)
}

const start = () => {
  try {
    const config = serverConfig(process.argv.slice(2), process.env)
    return { config, server: startServer(config, fail) }
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

const main = (): void => {
  const { config, server } = start()

  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    line({ event: "stopped", drained: await server.stop() })
    process.exit(0)
  }
  // Before anybody is told that the server is up, who may stop it at once.
  process.on("SIGTERM", stop).on("SIGINT", stop)

  // A parent that was killed cannot stop its server, and nobody else would.
  const parent = process.env["EMBEDDED_CLICKHOUSE_PARENT"]
  if (parent !== undefined)
    setInterval(() => {
      if (process.ppid !== Number(parent)) void stop()
    }, 500).unref()

  line({
    event: "listening",
    url: server.url,
    port: server.port,
    pid: process.pid,
    version: server.version,
    path: config.path
  })
}

if (import.meta.main) main()
