import { spawn } from "node:child_process"
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Option, Schedule, Schema } from "effect"
import { sendDemo } from "./Demo.ts"
import { readStackFile } from "./StackFile.ts"
import { StackSettings, type StartOptions } from "./StackSettings.ts"
import { summary } from "./Summary.ts"

/** The supervisor in the background ended before the stack was ready. */
export class StartFailed extends Schema.TaggedError<StartFailed>()("StartFailed", {
  message: Schema.String
}) {}

/**
 * Starts the supervisor in a session of its own and ends when the stack is ready (and, unless
 * it was already, the demo is sent). What the supervisor says goes to
 * `$STACK_DATA/supervisor.log`, the parts' log to `$STACK_DATA/stack.log`.
 */
export const startDetached = Effect.fn("Detach.startDetached")(function* (
  options: StartOptions
) {
  const { data, root } = yield* StackSettings
  const output = join(data, "supervisor.log")
  const child = yield* Effect.sync(() => {
    mkdirSync(data, { recursive: true })
    const log = openSync(output, "w", 0o600)
    const spawned = spawn(
      process.execPath,
      [
        join(import.meta.dirname, "main.ts"),
        "start",
        "--background",
        ...(options.only.length > 0 ? ["--only", options.only.join(",")] : [])
      ],
      { cwd: process.cwd(), detached: true, stdio: ["ignore", log, log] }
    )
    closeSync(log)
    return spawned
  })
  const ended = Effect.callback<never, StartFailed>((resume) => {
    const fail = (text: string) => {
      const message = text.trim() || `It was ended; ${data}/stack.log says more.`
      resume(Effect.fail(new StartFailed({ message })))
    }
    child.on("error", ({ message }) => fail(message))
    child.on("exit", () => fail(readFileSync(output, "utf8")))
  })
  const stack = yield* readStackFile(data).pipe(
    Effect.flatMap((file) =>
      Option.exists(file, ({ pids }) => pids["supervisor"] === child.pid)
        ? Effect.succeed(Option.getOrThrow(file))
        : Effect.fail("not yet" as const)
    ),
    // The supervisor has its own limits and ends when it reaches one.
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.catch(() => Effect.never),
    Effect.raceFirst(ended)
  )
  child.removeAllListeners()
  child.unref()
  const { pids } = stack
  if (options.demo && "data-ingestion" in pids && "loader" in pids) {
    yield* sendDemo(root, data).pipe(
      Effect.catchTag("DemoFailed", ({ message }) =>
        Effect.sync(() => process.stderr.write(`${message}\n`))
      )
    )
  }
  process.stdout.write(`${summary(stack, data, "Stop it with: make stop")}\n`)
})
