import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { Deferred, Effect } from "effect"
import { type ExitStatus, PartFailed, type RunningPart } from "./Part.ts"
import { signalGroup } from "./Processes.ts"

export interface Command {
  readonly name: string
  readonly command: readonly [string, ...ReadonlyArray<string>]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onLine: (line: string) => void
  /** How long it may drain after SIGTERM. */
  readonly graceSeconds: number
}

/**
 * Starts a program in a process group of its own: Ctrl-C in the terminal reaches only the
 * supervisor, which stops the parts in order, and the whole group ends with its leader.
 */
export const startChild = Effect.fn("ChildPart.startChild")(function* (
  spec: Command,
  onSpawn: (pid: number) => void
) {
  const exited = yield* Deferred.make<ExitStatus>()
  const { failure, pid } = yield* Effect.acquireRelease(
    Effect.sync(() => launch(spec, onSpawn, exited)),
    ({ pid }) => (pid === undefined ? Effect.void : stop(pid, exited, spec))
  )
  if (pid === undefined) {
    const message = yield* Effect.promise(() => failure)
    return yield* new PartFailed({ part: spec.name, message })
  }
  return { pid, exited: Deferred.await(exited) } satisfies RunningPart
})

function launch(
  spec: Command,
  onSpawn: (pid: number) => void,
  exited: Deferred.Deferred<ExitStatus>
) {
  const [program, ...args] = spec.command
  const child = spawn(program, args, {
    cwd: spec.cwd,
    env: spec.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"]
  })
  if (child.pid !== undefined) onSpawn(child.pid)
  const failure = new Promise<string>((resolve) =>
    child.on("error", (error) => resolve(`${program} cannot be run: ${error.message}`))
  )
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", spec.onLine)
  }
  child.on("exit", (code, signal) =>
    Deferred.doneUnsafe(exited, Effect.succeed({ code, signal }))
  )
  return { pid: child.pid, failure }
}

const stop = (pid: number, exited: Deferred.Deferred<ExitStatus>, spec: Command) =>
  Effect.gen(function* () {
    if (!(yield* Deferred.isDone(exited))) {
      signalGroup(pid, "SIGTERM")
      yield* Deferred.await(exited).pipe(
        Effect.timeoutOption(`${spec.graceSeconds} seconds`)
      )
    }
    // Also the children that a killed leader left behind.
    signalGroup(pid, "SIGKILL")
    yield* Deferred.await(exited).pipe(Effect.timeoutOption("5 seconds"))
  })
