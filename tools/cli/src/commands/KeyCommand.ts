import { Console, Effect, Option, Redacted, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { call } from "../ApiClient.ts"
import { readTarget, stackFlag } from "../Target.ts"

const Key = Schema.Struct({
  id: Schema.String,
  kind: Schema.String,
  key: Schema.String
})

const post = Effect.fn(function* (stack: string, path: string, body: object) {
  const { adminKey, api } = yield* readTarget(stack)
  const key = yield* call("POST", api + path, Redacted.value(adminKey), Key, body)
  yield* Console.log(JSON.stringify(key, null, 2))
})

const create = Command.make(
  "create",
  {
    project: Argument.String("project").pipe(Argument.withDescription("Project id")),
    kind: Flag.Literals("kind", ["write", "secret"]).pipe(
      Flag.withDescription("write: send events; secret: ask questions"),
      Flag.withDefault("write")
    ),
    name: Flag.String("name").pipe(
      Flag.withDescription("What the key is for"),
      Flag.optional
    ),
    adopt: Flag.String("adopt").pipe(
      Flag.withDescription(
        "A write key that clients already carry, such as a token, website or app id"
      ),
      Flag.optional
    ),
    stack: stackFlag
  },
  ({ adopt, kind, name, project, stack }) =>
    post(stack, `/v1/projects/${encodeURIComponent(project)}/keys`, {
      kind,
      ...(Option.isSome(name) ? { name: name.value } : {}),
      ...(Option.isSome(adopt) ? { key: adopt.value } : {})
    })
).pipe(Command.withDescription("Make a key, shown this once, or adopt one"))

const rotate = Command.make(
  "rotate",
  {
    key: Argument.String("key").pipe(Argument.withDescription("Key id")),
    grace: Flag.Int("grace-seconds").pipe(
      Flag.withDescription("How long the old key still works"),
      Flag.withDefault(0)
    ),
    stack: stackFlag
  },
  ({ grace, key, stack }) =>
    post(stack, `/v1/keys/${encodeURIComponent(key)}/rotate`, {
      gracePeriodSeconds: grace
    })
).pipe(Command.withDescription("Replace a key by a new one"))

export const keyCommand = Command.make("key").pipe(
  Command.withDescription("Keys of a project"),
  Command.withSubcommands([create, rotate])
)
