import { join } from "node:path"

/** This checkout. */
export const here = join(import.meta.dir, "../..")

/**
 * Below those that the system gives to outgoing connections (from 32768 on): one of them
 * would take it before a process that starts slowly listens. Stacks have those from 20000 on.
 */
const freePort = async (): Promise<number> => {
  for (let left = 50; left > 0; left--) {
    const port = 12_000 + Math.floor(8_000 * Math.random())
    try {
      const server = Bun.serve({
        port,
        hostname: "127.0.0.1",
        fetch: () => new Response()
      })
      await server.stop(true)
      return port
    } catch {
      // Taken by somebody.
    }
  }
  throw new Error("no free port")
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
