import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "./repositoryPages.ts"
import { readStack, type Stack } from "./Stack.ts"

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer().once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })

/** A base port whose fifty ports look free: the stores' are asked, too. */
const freeBase = async () => {
  for (let attempt = 0; attempt < 50; attempt++) {
    const base = 27_000 + Math.floor(Math.random() * 80) * 50
    const ports = [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 23, 32]
    const free = await Promise.all(ports.map((offset) => isFree(base + offset)))
    if (free.every(Boolean)) return base
  }
  throw new Error("no free range of ports for a stack")
}

const control = async (args: ReadonlyArray<string>, env: Record<string, string>) => {
  const child = Bun.spawn(
    [process.execPath, join(root, "tools/stack/src/main.ts"), ...args],
    {
      cwd: root,
      env: { ...process.env, ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: 240_000
    }
  )
  const [code, out, err] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text()
  ])
  if (code !== 0)
    throw new Error(`stack ${args.join(" ")} ended with ${code}:\n${out}${err}`)
}

/** A stack for the samples alone, with the demo shop, in a folder of its own. */
export const startOwnStack = async (): Promise<
  Stack & { readonly stop: () => Promise<void> }
> => {
  const data = await mkdtemp(join(tmpdir(), "analytics-docs-"))
  const env = {
    LOG_LEVEL: "Warn",
    STACK_PORT_BASE: String(await freeBase()),
    STACK_DATA: data
  }
  const stop = async () => {
    await control(["stop"], env)
    await rm(data, { recursive: true, force: true })
  }
  try {
    await control(["start", "--detach"], env)
    return { ...(await readStack(data)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
