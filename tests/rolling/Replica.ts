import { join } from "node:path"

/** This checkout. */
export const here = join(import.meta.dir, "../..")

const freePort = async (): Promise<number> => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response()
  })
  const port = server.port
  await server.stop(true)
  if (port === undefined) throw new Error("no free port")
  return port
}

export type Environment = Readonly<Record<string, string | undefined>>

/** One process of a service, on a port of its own. */
export const startReplica = async (
  entry: string,
  environment: Environment,
  root = here
) => {
  const port = await freePort()
  const child = Bun.spawn([process.execPath, join(root, entry)], {
    cwd: root,
    env: {
      ...environment,
      PORT: String(port),
      BATCH_RUNNER_PORT: String(await freePort())
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe"
  })
  let log = ""
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream)
      log = (log + decoder.decode(chunk, { stream: true })).slice(-20_000)
  }
  void read(child.stdout)
  void read(child.stderr)
  const ended = async (signal: NodeJS.Signals, withinMs = 60_000) => {
    child.kill(signal)
    const code = await Promise.race([
      child.exited,
      Bun.sleep(withinMs).then(() => undefined)
    ])
    if (code === undefined) throw new Error(`${entry} did not end:\n${log}`)
    return code
  }
  return { port, pid: child.pid, ended, log: () => log }
}

export type Replica = Awaited<ReturnType<typeof startReplica>>
