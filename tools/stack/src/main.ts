import { rm } from "node:fs/promises"
import { join } from "node:path"
import { inspect } from "node:util"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { startDetached } from "./Detach.ts"
import { exec } from "./Exec.ts"
import { isAlive } from "./Processes.ts"
import { AlreadyRunning } from "./RunFiles.ts"
import { readRunRecord } from "./RunRecord.ts"
import { StackSettings } from "./StackSettings.ts"
import { start } from "./Start.ts"
import { stop } from "./Stop.ts"
import { services } from "./services.ts"

const only = Flag.String("only").pipe(
  Flag.withDescription("Only these parts, by name and comma, with what they need"),
  Flag.optional
)
const detach = Flag.Boolean("detach").pipe(
  Flag.withDescription("Return when the stack is ready; `stop` ends it"),
  Flag.withDefault(false)
)
const background = Flag.Boolean("background").pipe(
  Flag.withDescription("The supervisor itself, without a terminal"),
  Flag.withDefault(false)
)
const fresh = Flag.Boolean("fresh").pipe(
  Flag.withDescription("Stop what runs and begin with empty data"),
  Flag.withDefault(false)
)
const noDemo = Flag.Boolean("no-demo").pipe(
  Flag.withDescription("Do not send the demo's events"),
  Flag.withDefault(false)
)

const startCommand = Command.make(
  "start",
  { only, detach, background, fresh, noDemo },
  Effect.fnUntraced(function* (flags) {
    const options = {
      only: Option.match(flags.only, {
        onNone: () => [],
        onSome: (names) => names.split(",").filter((name) => name !== "")
      }),
      demo: !flags.noDemo,
      terminal: !flags.background
    }
    const settings = StackSettings.layer(options)
    if (flags.fresh) yield* wipe.pipe(Effect.provide(settings))
    yield* refuseSecond.pipe(Effect.provide(settings))
    yield* flags.detach
      ? startDetached(options).pipe(Effect.provide(settings))
      : start(options)
  })
).pipe(Command.withDescription("Start the local stack; Ctrl-C stops it"))

const stopCommand = Command.make(
  "stop",
  {},
  Effect.fnUntraced(
    function* () {
      const { data } = yield* StackSettings
      const stopped = yield* stop(data)
      process.stdout.write(
        stopped ? "The stack is stopped.\n" : "Nothing is running.\n"
      )
    },
    Effect.provide(StackSettings.layer({ only: [], demo: false, terminal: true }))
  )
).pipe(Command.withDescription("Stop the local stack, whatever state it is in"))

const execCommand = Command.make(
  "exec",
  {
    command: Argument.String("command").pipe(Argument.variadic({ min: 1 })),
    service: Flag.Literals(
      "as",
      services.map(({ name }) => name)
    ).pipe(
      Flag.withDescription("With the port and the variables of this service"),
      Flag.optional
    )
  },
  Effect.fnUntraced(
    function* ({ command, service }) {
      process.exitCode = yield* exec(command, Option.getOrUndefined(service))
    },
    Effect.provide(StackSettings.layer({ only: [], demo: false, terminal: true }))
  )
).pipe(
  Command.withDescription(
    "Run a program with the environment that the stack's parts get"
  )
)

/** Also checked by the supervisor itself; here it comes before anything is written. */
const refuseSecond = Effect.gen(function* () {
  const { data } = yield* StackSettings
  const record = readRunRecord(data)
  if (record === null || !isAlive(record.supervisor)) return
  return yield* AlreadyRunning.on(data, record.supervisor.pid)
})

/** Only what the stack itself keeps there: `STACK_DATA` may be somebody's own directory. */
const wipe = Effect.gen(function* () {
  const { data } = yield* StackSettings
  yield* stop(data)
  const kept = [
    "postgres",
    "postgres.initialising",
    "clickhouse",
    ...services.map(({ name }) => name),
    "secrets.json",
    "demo.json",
    "stack.log",
    "stack.log.1",
    "supervisor.log"
  ]
  // What cannot be removed has to be seen to by a person.
  yield* Effect.promise(() =>
    Promise.all(
      kept.map((name) => rm(join(data, name), { recursive: true, force: true }))
    )
  )
})

const program = Command.make("stack").pipe(
  Command.withDescription("The analytics backend on this machine"),
  Command.withSubcommands([startCommand, stopCommand, execCommand]),
  Command.run({ version: "0.0.0" }),
  Effect.provide(NodeServices.layer)
)

if (import.meta.main) {
  NodeRuntime.runMain(
    program.pipe(
      Effect.tapError((error) =>
        Effect.sync(() => process.stderr.write(`\n${error.message}\n`))
      ),
      // What nobody foresaw must not end it without a word.
      Effect.tapDefect((defect) =>
        Effect.sync(() => process.stderr.write(`\n${inspect(defect)}\n`))
      )
    ),
    { disableErrorReporting: true }
  )
}
