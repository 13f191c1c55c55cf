import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePortBase } from "@analytics/testing/stackPorts"
import { makeClient } from "../e2e/Client.ts"
import type { StackFile } from "../e2e/RunningStack.ts"
import { clusterService } from "./ClusterService.ts"
import { type Environment, here, startReplica } from "./Replica.ts"
import { type Deployment, scale, stopAll } from "./replacing.ts"

/**
 * In the order of a roll-out: who reads what another writes comes before it, and who is asked
 * before who asks.
 */
export const serviceNames = [
  "loader",
  "data-ingestion",
  "analytics-api",
  "ml-inference",
  "reporting-engine",
  "batch-processor"
] as const
export type ServiceName = (typeof serviceNames)[number]

const entryOf = (name: ServiceName) =>
  name === "loader"
    ? "services/data-ingestion/src/loader.ts"
    : `services/${name}/src/main.ts`

const urlVariable = (name: ServiceName) =>
  `${name.toUpperCase().replaceAll("-", "_")}_URL`

/** Runs a checkout's `tools/stack`; answers what it said. */
const runStack = async (
  root: string,
  args: ReadonlyArray<string>,
  env: Environment,
  timeout = 180_000
) => {
  const child = Bun.spawn([process.execPath, "tools/stack/src/main.ts", ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout
  })
  const [code, out, err] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text()
  ])
  if (code !== 0) throw new Error(`stack ${args.join(" ")}: ${code}\n${out}${err}`)
  return out
}

/** Stores that `tools/stack` keeps, and services beside it as a cluster would run them. */
export const makePlatform = async (variables: Environment = {}) => {
  const data = await mkdtemp(join(tmpdir(), "analytics-rolling-"))
  const env: Environment = {
    INGEST_TEST_MODE: "true",
    LOG_LEVEL: "Warn",
    LOG_FORMAT: "json",
    // Twelve processes and more share the hundred connections of the local Postgres.
    DATABASE_POOL_SIZE: "4",
    ...variables,
    STACK_PORT_BASE: String(await freePortBase()),
    STACK_DATA: data
  }
  const deployments = new Map<ServiceName, Deployment>()
  const urls: Record<string, string> = {}
  /** The checkout and the variables that replicas are started with from now on. */
  let root = here
  let over: Environment = {}

  const known = new Map<string, Environment>()
  const variablesOf = async (name: ServiceName): Promise<Environment> => {
    const before = known.get(root + name)
    if (before !== undefined) return before
    const file = join(data, `env-${name}.json`)
    const write = `await Bun.write(${JSON.stringify(file)}, JSON.stringify(process.env))`
    const command = [process.execPath, "-e", write]
    await runStack(root, ["exec", "--as", name, "--", ...command], env)
    const found: Environment = JSON.parse(await readFile(file, "utf8"))
    known.set(root + name, found)
    return found
  }

  const startOne = async (name: ServiceName) => {
    const own = join(data, `${name}-${crypto.randomUUID()}`)
    return startReplica(
      entryOf(name),
      {
        ...(await variablesOf(name)),
        ...urls,
        STATE_DIR: join(own, "state"),
        ML_CACHE_DIR: join(own, "ml-cache"),
        ...over
      },
      root
    )
  }

  const deployment = (name: ServiceName): Deployment => {
    const found = deployments.get(name)
    if (found === undefined) throw new Error(`${name} does not run`)
    return found
  }

  return {
    data,
    deployment,
    deployments: () => serviceNames.map(deployment),
    url: (name: ServiceName) => deployment(name).service.url,
    port: (name: ServiceName) => deployment(name).service.port,
    /** What replicas are started from and with, from now on. */
    use: (checkout: string, variables: Environment) => {
      root = checkout
      over = variables
    },
    stack: (args: ReadonlyArray<string>) => runStack(root, args, env),
    /** A client of the stack that `stack(["start"])` runs, in place of replicas. */
    ownStack: async () => {
      const read = async (): Promise<StackFile> =>
        JSON.parse(await readFile(join(data, "stack.json"), "utf8"))
      const { services } = await read()
      return { client: await makeClient({ file: read }), services }
    },
    startStores: () =>
      runStack(
        root,
        ["start", "--detach", "--no-demo", "--only", "postgres,clickhouse"],
        env
      ),
    migrate: (...args: ReadonlyArray<string>) =>
      runStack(
        root,
        [
          "exec",
          "--as",
          "analytics-api",
          "--",
          process.execPath,
          "tools/migrate/src/main.ts",
          ...args
        ],
        env
      ),
    exec: (command: ReadonlyArray<string>) =>
      runStack(root, ["exec", "--as", "batch-processor", "--", ...command], env),
    startServices: async (
      replicas: Readonly<Record<ServiceName, number>>,
      propagationMs: number
    ) => {
      for (const name of serviceNames) {
        const service = await clusterService(propagationMs)
        if (name !== "loader") urls[urlVariable(name)] = service.url
        deployments.set(name, {
          name,
          service,
          replicas: [],
          start: () => startOne(name)
        })
      }
      // In turn: a machine that starts twelve processes at once starts none in time.
      for (const name of serviceNames) await scale(deployment(name), replicas[name])
    },
    stopServices: async () => {
      await stopAll([...deployments.values()])
      deployments.clear()
    },
    /** `postgres` and `clickhouse` as in `stack.json`, and the admin key. */
    stores: async () => {
      const found = await variablesOf("analytics-api")
      return {
        postgres: String(found["DATABASE_URL"]),
        clickhouse: String(found["CLICKHOUSE_URL"]),
        adminKey: String(found["ADMIN_KEY"])
      }
    },
    stop: async () => {
      await stopAll([...deployments.values()])
      await runStack(root, ["stop"], env)
      await rm(data, { recursive: true, force: true })
    }
  }
}

export type Platform = Awaited<ReturnType<typeof makePlatform>>
