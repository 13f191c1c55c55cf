import { spawn } from "node:child_process"
import { join } from "node:path"
import { Effect, Option, Redacted, Schema } from "effect"
import { stackFilePath } from "./RunRecord.ts"
import { type DemoFile, readDemoFile, writeDemoFile } from "./StackFile.ts"

/** The demo project cannot be made, or its events cannot be sent. */
export class DemoFailed extends Schema.TaggedError<DemoFailed>()("DemoFailed", {
  message: Schema.String
}) {}

const Created = Schema.fromJsonString(
  Schema.Struct({
    id: Schema.String,
    writeKey: Schema.String,
    secretKey: Schema.String
  })
)

/** The demo project and its keys, made on the first start and remembered. */
export const demoProject = Effect.fn("Demo.demoProject")(function* (
  data: string,
  apiUrl: string,
  adminKey: Redacted.Redacted
): Effect.fn.Return<DemoFile, DemoFailed> {
  const known = yield* readDemoFile(data)
  if (Option.isSome(known)) return known.value
  const project = yield* Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(`${apiUrl}/v1/projects`, {
        method: "POST",
        signal,
        headers: {
          authorization: `Bearer ${Redacted.value(adminKey)}`,
          "content-type": "application/json"
        },
        body: JSON.stringify({ name: "Demo shop", timezone: "UTC" })
      })
      const body = await response.text()
      if (response.status !== 201) throw new Error(`${response.status} ${body}`)
      return Schema.decodeSync(Created)(body)
    },
    catch: (error) =>
      new DemoFailed({ message: `the demo project cannot be made: ${error}` })
  }).pipe(
    Effect.timeoutOrElse({
      duration: "20 seconds",
      orElse: () =>
        Effect.fail(
          new DemoFailed({ message: "making the demo project took too long" })
        )
    })
  )
  const { id, ...keys } = project
  const demo = { projectId: id, ...keys, complete: false }
  yield* writeDemoFile(data, demo)
  return demo
})

/**
 * Sends the demo's events with the command line tool, which draws its progress on the
 * terminal, prints the funnel, and marks `demo.json` complete. It resumes where it was
 * interrupted: the events' ids are the same every time.
 */
export const sendDemo = Effect.fn("Demo.sendDemo")(function* (
  root: string,
  data: string
) {
  const known = yield* readDemoFile(data)
  if (Option.exists(known, (demo) => demo.complete)) return
  const code = yield* Effect.callback<number | null, DemoFailed>((resume) => {
    const child = spawn(
      process.execPath,
      [join(root, "tools/cli/src/main.ts"), "demo", "--stack", stackFilePath(data)],
      { cwd: root, stdio: ["ignore", "inherit", "inherit"] }
    )
    child.on("error", (error) =>
      resume(Effect.fail(new DemoFailed({ message: error.message })))
    )
    child.on("exit", (status) => resume(Effect.succeed(status)))
    return Effect.sync(() => child.kill("SIGTERM"))
  }).pipe(Effect.timeoutOption("10 minutes"))
  if (Option.isSome(code) && code.value === 0) return
  return yield* new DemoFailed({
    message: `the demo was not sent completely (${Option.getOrElse(code, () => "it took over 10 minutes")}); the next start resumes it`
  })
})
