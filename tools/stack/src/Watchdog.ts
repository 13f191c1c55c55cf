import { spawn } from "node:child_process"
import { join } from "node:path"
import { Effect } from "effect"
import { RunFiles } from "./RunFiles.ts"
import { StackSettings } from "./StackSettings.ts"

/**
 * Keeps a small process that ends the parts when this one dies without stopping them, by
 * `kill -9` or a crash: the pipe to its stdin ends with us, whatever ends us.
 */
export const keepWatchdog = Effect.gen(function* () {
  const { data } = yield* StackSettings
  const files = yield* RunFiles
  const watch = Effect.callback<void>((resume) => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, "watchdogMain.ts"), data, String(process.pid)],
      { detached: true, stdio: ["pipe", "ignore", "ignore"] }
    )
    if (child.pid !== undefined) files.watchdog(child.pid)
    child.on("error", () => resume(Effect.void))
    child.on("exit", () => resume(Effect.void))
    return Effect.callback<void>((ended) => {
      child.removeAllListeners("exit")
      child.on("exit", () => ended(Effect.void))
      child.kill("SIGKILL")
    }).pipe(Effect.timeoutOption("2 seconds"), Effect.asVoid)
  })
  yield* watch.pipe(
    Effect.andThen(Effect.logWarning("the watchdog ended; starting another")),
    Effect.andThen(Effect.sleep("1 second")),
    Effect.forever,
    Effect.forkScoped
  )
})
