import { join, resolve } from "node:path"
import * as Settings from "@analytics/config/Settings"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Option, Redacted, Schema } from "effect"
import { DemoFile, destinationOf, readJson, StackFile } from "./destination.ts"
import { Api } from "./examples/Api.ts"
import { exampleModel } from "./examples/exampleModel.ts"
import { faultyProject } from "./examples/faultyProject.ts"
import { startPreview } from "./preview.ts"

const repository = resolve(import.meta.dirname, "../..")

/** Behind the ports of the stack's parts. */
const portOffset = 16

const notebooks = ["funnel", "retention", "data-quality", "model-evaluation"]

/** The stack could not be started, or an example could not be made. */
class NotReady extends Schema.TaggedError<NotReady>()("NotReady", {
  message: Schema.String
}) {}

const say = (text: string) => {
  process.stdout.write(`${text}\n`)
}

/** Runs a program of the repository to its end; a session of its own outlives Ctrl-C. */
const run = (args: ReadonlyArray<string>, options: { readonly detached: boolean }) =>
  Effect.promise(
    () =>
      Bun.spawn([process.execPath, ...args], {
        cwd: repository,
        stdin: "ignore",
        stdout: "inherit",
        stderr: "inherit",
        detached: options.detached
      }).exited
  )

const isUp = async (data: string): Promise<boolean> => {
  const stack = await readJson(join(data, "stack.json"), StackFile)
  const api = stack?.services["analytics-api"]
  if (api === undefined) return false
  return fetch(`${api}/livez`, { signal: AbortSignal.timeout(5000) }).then(
    ({ ok }) => ok,
    () => false
  )
}

/** A stack that was started here is stopped here; one that was running is left alone. */
const stackOf = (data: string) =>
  Effect.gen(function* () {
    if (yield* Effect.promise(() => isUp(data))) return
    say("Starting the stack …")
    const program = "tools/stack/src/main.ts"
    const code = yield* run([program, "start", "--detach"], { detached: false }).pipe(
      Effect.onInterrupt(() => run([program, "stop"], { detached: true }))
    )
    if (code !== 0)
      return yield* new NotReady({ message: "The stack did not start: see above." })
    yield* Effect.addFinalizer(() => run([program, "stop"], { detached: true }))
  })

/** Whatever an example lacks is said, and is no reason to show nothing. */
const examples = (data: string) =>
  Effect.gen(function* () {
    const stackFile = join(data, "stack.json")
    const state = yield* Effect.promise(() =>
      readJson(join(data, "demo.json"), DemoFile)
    )
    if (state?.complete !== true)
      yield* run(["tools/cli/src/main.ts", "demo", "--stack", stackFile], {
        detached: false
      })
    yield* Effect.tryPromise({
      try: async () => {
        const stack = await readJson(stackFile, StackFile)
        const sent = await readJson(join(data, "demo.json"), DemoFile)
        if (stack === undefined) return
        await faultyProject(stack, data, say)
        if (stack.demo === undefined || sent?.until === undefined) return
        const { secretKey, writeKey } = stack.demo
        await exampleModel(
          new Api(stack.services, secretKey),
          new Api(stack.services, writeKey),
          sent.until,
          say
        )
      },
      catch: (error) => new NotReady({ message: String(error) })
    }).pipe(
      Effect.catchTag("NotReady", ({ message }) =>
        Effect.sync(() => say(`An example is not complete: ${message}`))
      )
    )
  })

const program = Effect.gen(function* () {
  const loaded = yield* Settings.load({
    data: "STACK_DATA",
    portBase: "STACK_PORT_BASE",
    key: "ANALYTICS_KEY"
  })
  const data = resolve(repository, loaded.data)
  const key = Option.getOrUndefined(Option.map(loaded.key, Redacted.value))
  yield* stackOf(data)
  if (key === undefined) yield* examples(data)
  const { url } = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () =>
        startPreview({
          port: loaded.portBase + portOffset,
          destination: destinationOf(data, key)
        }),
      catch: (error) => new NotReady({ message: String(error) })
    }),
    ({ close }) => Effect.promise(close)
  )
  say(`\nThe notebooks are ready, for this machine alone. Ctrl-C ends them.\n  ${url}/`)
  for (const name of notebooks) say(`  ${url}/${name}.html`)
  yield* Effect.never
}).pipe(Effect.scoped)

if (import.meta.main) NodeRuntime.runMain(program)
