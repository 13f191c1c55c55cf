import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { freePortBase } from "@analytics/testing/stackPorts"
import type { RunningStack } from "../e2e/RunningStack.ts"

const root = join(import.meta.dir, "../..")

/** The environment of a part of a stack, as the supervisor gave it. */
export const environmentOf = async (
  stack: RunningStack,
  part: string
): Promise<Record<string, string>> => {
  const pid = (await stack.file()).pids[part]
  const text = await readFile(`/proc/${pid}/environ`, "utf8")
  return Object.fromEntries(
    text
      .split("\0")
      .filter((entry) => entry.includes("="))
      .map((entry) => {
        const at = entry.indexOf("=")
        return [entry.slice(0, at), entry.slice(at + 1)]
      })
  )
}

/** Another process of a service, beside that of the stack. */
export interface Sibling {
  readonly url: string
  /** kill -9, and starts it again. */
  readonly kill: () => Promise<void>
  readonly stop: () => Promise<void>
  readonly signal: (name: NodeJS.Signals) => void
}

/**
 * Starts another process of a part with its environment; one that ends by itself is
 * started again, as a supervisor would.
 *
 * @param script path of the program in the repository
 */
export const startSibling = async (
  stack: RunningStack,
  part: string,
  script: string,
  variables: Readonly<Record<string, string>> = {}
): Promise<Sibling> => {
  const port = String(await freePortBase())
  const env = { ...(await environmentOf(stack, part)), PORT: port, ...variables }
  let stopped = false
  const launch = () => {
    const child = Bun.spawn([process.execPath, join(root, script)], {
      cwd: root,
      env,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "inherit"
    })
    void child.exited.then(async () => {
      if (stopped) return
      await Bun.sleep(200)
      if (!stopped) current = launch()
    })
    return child
  }
  let current = launch()
  const url = `http://127.0.0.1:${port}`
  const ready = async () => {
    const end = Date.now() + 60_000
    while (Date.now() < end) {
      const status = await fetch(`${url}/readyz`).then(
        (answer) => answer.status,
        () => 0
      )
      if (status === 200) return
      await Bun.sleep(50)
    }
    throw new Error(`${part} at ${url} is not ready`)
  }
  await ready()
  return {
    url,
    kill: async () => {
      current.kill("SIGKILL")
      await current.exited
    },
    signal: (name) => current.kill(name),
    stop: async () => {
      stopped = true
      current.kill("SIGTERM")
      await current.exited
    }
  }
}
