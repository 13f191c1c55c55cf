import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePortBase } from "@analytics/testing/stackPorts"

const root = join(import.meta.dir, "../..")

/** `stack.json`, as far as the tests rely on it. */
export interface StackFile {
  readonly services: {
    readonly "analytics-api": string
    readonly "data-ingestion": string
    readonly "batch-processor": string
    readonly "ml-inference": string
    readonly "reporting-engine": string
  }
  readonly postgres: string
  readonly clickhouse: string
  readonly adminKey: string
  readonly demo?: { readonly projectId: string; readonly secretKey: string }
  readonly pids: Readonly<Record<string, number>>
}

/** A whole local stack of its own, as `make start` would start it. */
export interface RunningStack {
  readonly file: () => Promise<StackFile>
  readonly data: string
  /** Stops it and keeps its data. */
  readonly suspend: () => Promise<void>
  readonly resume: (options?: { only?: ReadonlyArray<string> }) => Promise<void>
  /** Runs a program with the environment of a service. */
  readonly exec: (as: string, command: ReadonlyArray<string>) => Promise<void>
  readonly stop: () => Promise<void>
}

const run = async (args: ReadonlyArray<string>, env: Record<string, string>) => {
  const child = Bun.spawn(["bun", "tools/stack/src/main.ts", ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 120_000
  })
  const [code, out, err] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text()
  ])
  if (code !== 0)
    throw new Error(`stack ${args.join(" ")} ended with ${code}:\n${out}${err}`)
}

/** Starts a stack in test mode on free ports, without the demo. */
export const startStack = async (
  environment: Readonly<Record<string, string>> = {}
): Promise<RunningStack> => {
  const data = await mkdtemp(join(tmpdir(), "analytics-stack-"))
  const env = {
    INGEST_TEST_MODE: "true",
    LOG_LEVEL: "Warn",
    ...environment,
    STACK_PORT_BASE: String(await freePortBase()),
    STACK_DATA: data
  }
  await run(["start", "--detach", "--no-demo"], env)
  return {
    data,
    file: async () => JSON.parse(await readFile(join(data, "stack.json"), "utf8")),
    suspend: () => run(["stop"], env),
    resume: ({ only = [] } = {}) =>
      run(
        [
          "start",
          "--detach",
          "--no-demo",
          ...(only.length > 0 ? ["--only", only.join(",")] : [])
        ],
        env
      ),
    exec: (as, command) => run(["exec", "--as", as, "--", ...command], env),
    stop: async () => {
      await run(["stop"], env)
      await rm(data, { recursive: true, force: true })
    }
  }
}
