import { expect, it } from "bun:test"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Effect, Schedule } from "effect"

const host = fileURLToPath(new URL("../support/forecastOrphaning.ts", import.meta.url))

/** Elsewhere it notices at the end of its task. */
it.skipIf(process.platform !== "linux")(
  "the process that forecasts does not outlive a service that is killed",
  () =>
    Effect.scoped(
      Effect.gen(function* () {
        const service = yield* Effect.acquireRelease(
          Effect.sync(() => Bun.spawn([process.execPath, host], { stdout: "pipe" })),
          (it) =>
            Effect.promise(() => {
              it.kill("SIGKILL")
              return it.exited
            })
        )
        const { value } = yield* Effect.promise(() => service.stdout.getReader().read())
        const pid = Number(new TextDecoder().decode(value))
        expect(pid).toBeGreaterThan(0)
        // Stopped it cannot notice that its input ended, as in the middle of a long task.
        process.kill(pid, "SIGSTOP")
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            if (existsSync(`/proc/${pid}`)) process.kill(pid, "SIGKILL")
          })
        )
        service.kill("SIGKILL")
        yield* Effect.sync(() => existsSync(`/proc/${pid}`)).pipe(
          Effect.repeat({
            until: (there) => !there,
            schedule: Schedule.spaced("5 millis")
          }),
          Effect.timeout("30 seconds")
        )
      })
    ).pipe(Effect.runPromise),
  60_000
)
