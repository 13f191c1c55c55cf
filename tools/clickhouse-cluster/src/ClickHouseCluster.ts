import { type ChildProcess, spawn } from "node:child_process"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, Schedule, Schema } from "effect"
import { Gateway } from "./Gateway.ts"
import { CLUSTER, type NodePorts, nodeConfig, usersConfig } from "./nodeConfig.ts"

/** A node did not come up; `reason` ends with what it said. */
export class ClusterError extends Schema.TaggedError<ClusterError>()("ClusterError", {
  reason: Schema.String
}) {
  override get message() {
    return this.reason
  }
}

export interface ClusterOptions {
  /** A folder for the data of all nodes. */
  readonly dataDir: string
  readonly shards: number
}

/** A node, to be asked or disturbed by itself. */
export interface Node extends NodePorts {
  /** Ends its process at once, as a power cut does; nothing happens if it is down. */
  readonly kill: Effect.Effect<void>
  /** Starts it again over its data. */
  readonly start: Effect.Effect<void, ClusterError>
}

export interface RunningCluster {
  /** Without a database. */
  readonly url: string
  /** Its name: what `CLICKHOUSE_CLUSTER` takes. */
  readonly cluster: string
  readonly nodes: ReadonlyArray<Node>
}

const program = fileURLToPath(new URL("./node.ts", import.meta.url))

/** Several ClickHouse processes on this machine, a shard each; all end with the scope. */
export const start = Effect.fn("ClickHouseCluster.start")(function* (
  options: ClusterOptions
) {
  const ports = yield* Effect.sync(() => freePorts(options.shards))
  const nodes = yield* Effect.forEach(
    ports,
    (own, at) => startNode(options, ports, own, at),
    { concurrency: "unbounded" }
  )
  const gateway = yield* Effect.acquireRelease(
    Effect.sync(() => new Gateway(nodes)),
    (open) => Effect.promise(() => open.stop())
  )
  return { url: gateway.url, cluster: CLUSTER, nodes } satisfies RunningCluster
})

const startNode = Effect.fnUntraced(function* (
  { dataDir }: ClusterOptions,
  ports: ReadonlyArray<NodePorts>,
  own: NodePorts,
  at: number
) {
  const folder = join(dataDir, `node${at + 1}`)
  const config = join(folder, "config.xml")
  const users = join(folder, "users.xml")
  yield* Effect.promise(() => mkdir(folder, { recursive: true }))
  yield* Effect.promise(() => writeFile(config, nodeConfig(ports, at, users)))
  yield* Effect.promise(() => writeFile(users, usersConfig))
  const said: Array<string> = []
  let child: ChildProcess | undefined
  const kill = Effect.callback<void>((resume) => {
    const running = child
    child = undefined
    if (running?.pid === undefined) return resume(Effect.void)
    running.on("close", () => resume(Effect.void))
    running.kill("SIGKILL")
  })
  const begin = Effect.sync(() => {
    child = launch(join(folder, "data"), config, said)
  })
  const listening = Effect.tryPromise({
    try: async (signal) => {
      const answer = await fetch(`http://127.0.0.1:${own.http}/ping`, { signal })
      if (!answer.ok) throw new Error(`/ping answered ${answer.status}`)
    },
    catch: (cause) =>
      new ClusterError({
        reason: `node ${at + 1} does not answer (${cause}): ${said.join("")}`
      })
  }).pipe(
    Effect.retry(
      Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: "30 seconds" }))
    )
  )
  yield* Effect.acquireRelease(begin, () => kill)
  yield* listening
  return { ...own, kill, start: Effect.andThen(begin, listening) } satisfies Node
})

/** Its data outlives it: ended and launched again it goes on where it was. */
const launch = (data: string, config: string, said: Array<string>): ChildProcess => {
  const child = spawn(process.execPath, [program, data, config], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true
  })
  for (const output of [child.stdout, child.stderr])
    output?.on("data", (text) => {
      said.push(String(text))
      if (said.length > 20) said.shift()
    })
  return child
}

/** Free a moment ago. */
const freePorts = (shards: number): ReadonlyArray<NodePorts> => {
  const held = Array.from({ length: shards * 2 }, () =>
    Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } })
  )
  const ports = held.map(({ port }) => port)
  for (const listener of held) listener.stop(true)
  return Array.from({ length: shards }, (_, at) => ({
    tcp: ports[at * 2] ?? 0,
    http: ports[at * 2 + 1] ?? 0
  }))
}
