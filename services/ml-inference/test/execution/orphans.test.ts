import { expect, it } from "bun:test"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { Effect, Schedule } from "effect"
import * as Models from "../support/models.ts"

const host = fileURLToPath(new URL("../support/orphaning.ts", import.meta.url))

const until = <A>(look: () => Promise<A>, reached: (it: A) => boolean) =>
  Effect.promise(look).pipe(
    Effect.repeat({ until: reached, schedule: Schedule.spaced("5 millis") }),
    Effect.timeout("30 seconds")
  )

/** Hundredths of a second that a process computed. */
const computed = async (pid: string): Promise<number> => {
  const text = await readFile(`/proc/${pid}/stat`, "utf8")
  return Number(text.slice(text.lastIndexOf(")")).split(" ")[12])
}

/** Elsewhere an executor notices at the end of its run. */
it.skipIf(process.platform !== "linux")(
  "does not outlive a service that is killed, even in the middle of a run",
  () =>
    Effect.scoped(
      Effect.gen(function* () {
        const path = yield* Models.onDisk({ endless: Models.endless })
        const child = yield* Effect.acquireRelease(
          Effect.sync(() =>
            Bun.spawn([process.execPath, host, path("endless")], { stdout: "pipe" })
          ),
          (it) =>
            Effect.promise(() => {
              it.kill("SIGKILL")
              return it.exited
            })
        )
        const { value } = yield* Effect.promise(() => child.stdout.getReader().read())
        const pid = new TextDecoder().decode(value).trim()
        expect(Number(pid)).toBeGreaterThan(0)
        const before = yield* Effect.promise(() => computed(pid))
        // It computes: whatever it was told has begun.
        yield* until(
          () => computed(pid),
          (now) => now > before + 10
        )
        child.kill("SIGKILL")
        yield* until(
          () => Promise.resolve(existsSync(`/proc/${pid}`)),
          (there) => !there
        )
      })
    ).pipe(Effect.runPromise),
  60_000
)
