import type { Client, Project } from "../e2e/Client.ts"
import type { RunningStack, StackFile } from "../e2e/RunningStack.ts"

/** The parts that are killed, in turn. */
export const victims = ["data-ingestion", "loader", "postgres", "clickhouse"] as const
export type Victim = (typeof victims)[number]
export type Part = Victim | "batch-processor" | "reporting-engine"

const pidOf = (file: StackFile, part: Part): number => {
  const pid = file.pids[part]
  if (pid === undefined) throw new Error(`stack.json has no pid of ${part}`)
  return pid
}

/** Sends a signal to a process, and says whether there was one. */
const signalled = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, signal)
  } catch {
    // It ended by itself, as a loader does that lost its lock with Postgres.
    return false
  }
}

/** Signals a part, once it runs: its entry in stack.json may be of one that just ended. */
export const signal = async (
  stack: RunningStack,
  part: Part,
  name: NodeJS.Signals,
  timeoutMs = 30_000
): Promise<number> => {
  const end = Date.now() + timeoutMs
  while (Date.now() < end) {
    const pid = pidOf(await stack.file(), part)
    if (signalled(pid, name)) return pid
    await Bun.sleep(50)
  }
  throw new Error(`${part} did not run within ${timeoutMs} ms`)
}

/** kill -9, then waits until the supervisor has the part running again. */
export const killAndWait = async (
  stack: RunningStack,
  part: Part,
  timeoutMs = 60_000
): Promise<void> => {
  const pid = await signal(stack, part, "SIGKILL")
  const end = Date.now() + timeoutMs
  while (Date.now() < end) {
    if (pidOf(await stack.file(), part) !== pid) return
    await Bun.sleep(50)
  }
  throw new Error(`${part} did not come back within ${timeoutMs} ms`)
}

/** What one load run knows by itself, without asking the service. */
export interface Load {
  /** Message ids that were answered with 200. */
  readonly acknowledged: ReadonlySet<string>
  readonly requests: () => number
  readonly inFlight: () => number
  readonly stop: () => Promise<void>
}

/**
 * Sends numbered events from several clients at once, each resending a batch until it is
 * acknowledged, and resending some acknowledged ones on purpose.
 */
export const startLoad = (
  client: Client,
  project: Project,
  options: { readonly clients: number; readonly batch: number; readonly seed: string }
): Load => {
  const acknowledged = new Set<string>()
  let running = true
  let requests = 0
  let inFlight = 0

  const deliver = async (batch: ReadonlyArray<{ readonly messageId: string }>) => {
    for (let attempt = 0; attempt < 600; attempt++) {
      requests++
      inFlight++
      const status = await client.send(project, batch).then(
        (answer) => answer.status,
        () => 0
      )
      inFlight--
      if (status === 200) {
        for (const event of batch) acknowledged.add(event.messageId)
        return
      }
      await Bun.sleep(50)
    }
    throw new Error("a batch was refused 600 times")
  }

  const worker = async (id: number) => {
    for (let n = 0; running; n++) {
      const batch = Array.from({ length: options.batch }, (_, i) => ({
        type: "track",
        event: "load",
        userId: `u${(n * options.batch + i) % 97}`,
        messageId: `${options.seed}-${id}-${n}-${i}`,
        properties: { n, i, worker: id }
      }))
      await deliver(batch)
      if (n % 5 === 0) await deliver(batch)
    }
  }

  const workers = Promise.all(
    Array.from({ length: options.clients }, (_, i) => worker(i))
  )
  return {
    acknowledged,
    requests: () => requests,
    inFlight: () => inFlight,
    stop: async () => {
      running = false
      await workers
    }
  }
}

/** Message ids of the project as the event store has them, with how often. */
export const storedIds = async (
  file: StackFile,
  project: Project
): Promise<ReadonlyMap<string, number>> => {
  const url = new URL(file.clickhouse)
  const database = url.pathname.slice(1)
  const credentials = btoa(
    `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  )
  const query =
    "SELECT message_id, count() FROM events WHERE project_id = {p:UInt32} " +
    "GROUP BY message_id FORMAT TSV"
  const params = new URLSearchParams({ query, param_p: String(project.id) })
  if (database !== "") params.set("database", database)
  const response = await fetch(`${url.origin}/?${params}`, {
    headers: url.username === "" ? {} : { authorization: `Basic ${credentials}` },
    signal: AbortSignal.timeout(60_000)
  })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  const rows = text.split("\n").filter((line) => line !== "")
  return new Map(
    rows.map((line) => {
      const [id = "", count = "0"] = line.split("\t")
      return [id, Number(count)]
    })
  )
}
