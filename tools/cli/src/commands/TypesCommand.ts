import { writeFile } from "node:fs/promises"
import { EventSchema } from "@analytics/analytics-core/settings/ProjectSettings"
import { Console, Effect, Option, Redacted, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { call } from "../ApiClient.ts"
import { readTarget, stackFlag } from "../Target.ts"
import { eventTypes } from "../types/eventTypes.ts"

const Settings = Schema.Struct({ schema: EventSchema })

class NotWritten extends Schema.TaggedError<NotWritten>()("NotWritten", {
  message: Schema.String
}) {}

export const typesCommand = Command.make(
  "types",
  {
    project: Argument.String("project").pipe(Argument.withDescription("Project id")),
    out: Flag.String("out").pipe(
      Flag.withDescription("The file to write; the screen without it"),
      Flag.optional
    ),
    stack: stackFlag
  },
  Effect.fn(function* ({ out, project, stack }) {
    const { adminKey, api } = yield* readTarget(stack)
    const { schema } = yield* call(
      "GET",
      `${api}/v1/projects/${encodeURIComponent(project)}/settings`,
      Redacted.value(adminKey),
      Settings
    )
    const text = eventTypes(project, schema)
    if (Option.isNone(out)) return yield* Console.log(text.trimEnd())
    yield* Effect.tryPromise({
      try: () => writeFile(out.value, text),
      catch: (error) => new NotWritten({ message: `${out.value}: ${error}` })
    })
    const count = Object.keys(schema.events).length
    yield* Console.log(`${out.value}: ${count} ${count === 1 ? "event" : "events"}`)
  })
).pipe(
  Command.withDescription(
    "Write the TypeScript types of a project's events, for clients"
  )
)
