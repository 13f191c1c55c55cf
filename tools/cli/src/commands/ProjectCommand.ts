import { Console, Effect, Redacted, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { call } from "../ApiClient.ts"
import { readTarget, stackFlag } from "../Target.ts"

const Created = Schema.Struct({
  id: Schema.Union([Schema.String, Schema.Int]),
  name: Schema.String,
  timezone: Schema.String,
  writeKey: Schema.String,
  secretKey: Schema.String
})

const create = Command.make(
  "create",
  {
    name: Argument.String("name").pipe(Argument.withDescription("What it is called")),
    timezone: Flag.String("timezone").pipe(
      Flag.withDescription("IANA time zone in which its days are counted"),
      Flag.withDefault("UTC")
    ),
    stack: stackFlag
  },
  Effect.fn(function* ({ name, stack, timezone }) {
    const { adminKey, api } = yield* readTarget(stack)
    const project = yield* call(
      "POST",
      `${api}/v1/projects`,
      Redacted.value(adminKey),
      Created,
      { name, timezone }
    )
    yield* Console.log(JSON.stringify(project, null, 2))
  })
).pipe(Command.withDescription("Make a project; its keys are shown this once"))

export const projectCommand = Command.make("project").pipe(
  Command.withDescription("Projects"),
  Command.withSubcommands([create])
)
