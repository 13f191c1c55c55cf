import { fileURLToPath } from "node:url"
import { limitedCommand } from "@analytics/api-common/limitedCommand"
import { limitedRuntime } from "@analytics/api-common/limitedRuntime"
import { Inspection, OnnxUnreadable } from "@analytics/ml-models/onnx/Inspection"
import { Effect, Schema } from "effect"

/** Milliseconds; a file of a gigabyte that is all small parts takes a few seconds. */
const DEADLINE = 30_000
/** Bytes of data; the file itself is mapped and does not count. */
const MEMORY = 2 * 1024 ** 3
/** Bytes for compiled JavaScript. */
const COMPILER_MEMORY = 16 * 1024 * 1024
/** Characters of stderr that are logged. */
const TOLD = 2000

const entry = fileURLToPath(new URL("./inspectMain.ts", import.meta.url))

/** One line of JSON that `inspectMain` writes. */
const Told = Schema.fromJsonString(
  Schema.Union([
    Schema.Struct({ inspection: Inspection }),
    Schema.Struct({ unreadable: Schema.String })
  ])
)

/**
 * `inspectOnnx` in a process of its own: a file that was made to take long holds nobody up
 * meanwhile, and one that makes it fail ends that process alone.
 */
export const inspectFile = Effect.fn("inspectFile")(function* (path: string) {
  const command = ["--no-install", "--no-env-file", entry, path]
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Bun.spawn(limitedCommand({ kib: MEMORY / 1024 }, command), {
        stdio: ["ignore", "pipe", "pipe"],
        // Nothing of this service's settings: they name its stores and its keys.
        env: {
          PATH: process.env["PATH"],
          BUN_ENABLE_CRASH_REPORTING: "0",
          ...limitedRuntime(COMPILER_MEMORY)
        },
        timeout: DEADLINE,
        killSignal: "SIGKILL",
        cwd: "/"
      })
    ),
    (process) =>
      Effect.promise(async () => {
        process.kill("SIGKILL")
        await process.exited
      })
  )
  const [text, stderr] = yield* Effect.promise(() =>
    Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited
    ])
  )
  const told = yield* Schema.decodeUnknownEffect(Told)(text).pipe(
    Effect.tapError(() =>
      Effect.annotateLogs(Effect.logWarning("a file could not be inspected"), {
        exitCode: child.exitCode,
        signal: child.signalCode,
        stderr: stderr.slice(-TOLD)
      })
    ),
    Effect.mapError(
      () => new OnnxUnreadable({ detail: "Looking at the file took too much." })
    )
  )
  if ("unreadable" in told)
    return yield* new OnnxUnreadable({ detail: told.unreadable })
  return told.inspection
}, Effect.scoped)
