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
    id: Schema.Union([Schema.String, Schema.Int]),
    writeKey: Schema.String,
    secretKey: Schema.String
  })
)

/**
 * The demo project and its keys, made on the first start and remembered; made again when the
 * stores do not know it, because others were given meanwhile.
 */
export const demoProject = Effect.fn("Demo.demoProject")(function* (
  data: string,
  apiUrl: string,
  adminKey: Redacted.Redacted
): Effect.fn.Return<DemoFile, DemoFailed> {
  const projects = `${apiUrl}/v1/projects`
  const known = yield* readDemoFile(data)
  if (Option.isSome(known)) {
    const url = `${projects}/${known.value.projectId}`
    const { status } = yield* ask(url, adminKey)
    if (status !== 404) return known.value
  }
  const { body, status } = yield* ask(projects, adminKey, {
    name: "Demo shop",
    timezone: "UTC"
  })
  const project = Schema.decodeUnknownOption(Created)(body)
  if (status !== 201 || Option.isNone(project)) {
    return yield* new DemoFailed({
      // A 201 holds keys, which belong in no log.
      message: `the demo project cannot be made: analytics-api answered ${status} ${status === 201 ? "with another project than expected" : body}`
    })
  }
  const { id, ...keys } = project.value
  const demo = { projectId: String(id), ...keys, complete: false }
  yield* writeDemoFile(data, demo)
  return demo
})

/** GET, or POST with a body. */
const ask = (url: string, key: Redacted.Redacted, body?: object) =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, {
        method: body ? "POST" : "GET",
        signal,
        headers: {
          authorization: `Bearer ${Redacted.value(key)}`,
          "content-type": "application/json"
        },
        ...(body && { body: JSON.stringify(body) })
      })
      return { status: response.status, body: await response.text() }
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
