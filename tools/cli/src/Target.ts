import { readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import * as Settings from "@analytics/config/Settings"
import { Effect, Option, Redacted, Schema } from "effect"
import { Flag } from "effect/cli"

const Keys = Schema.Struct({
  projectId: Schema.String,
  writeKey: Schema.String,
  secretKey: Schema.String
})

const StackFile = Schema.Struct({
  services: Schema.StructWithRest(
    Schema.Struct({ "analytics-api": Schema.String, "data-ingestion": Schema.String }),
    [Schema.Record(Schema.String, Schema.String)]
  ),
  adminKey: Schema.String,
  demo: Schema.optionalKey(Keys)
})

/** The installation that a command speaks to, as its stack.json describes it. */
export interface Target {
  readonly api: string
  readonly ingestion: string
  /** The URL of each service by its name. */
  readonly services: { readonly [name: string]: string }
  readonly adminKey: Redacted.Redacted
  readonly demo: Option.Option<typeof Keys.Type>
  /** The folder that keeps what must survive between runs. */
  readonly data: string
}

export class NoTarget extends Schema.TaggedError<NoTarget>()("NoTarget", {
  message: Schema.String
}) {}

/** Flags that every command shares. */
export const stackFlag = Flag.File("stack").pipe(
  Flag.withDescription("The stack.json of the installation; written by make start"),
  Flag.withDefault(join(process.env["STACK_DATA"] ?? ".data", "stack.json"))
)

export const keyFlag = Flag.Redacted("key").pipe(
  Flag.withDescription(
    "Secret key of the project; default ANALYTICS_KEY, else the demo project's"
  ),
  Flag.optional
)

const environment = Settings.load({ key: "ANALYTICS_KEY" })

/** The secret key that was given or is set, else that of the demo project. */
export const secretKeyOf = Effect.fn("Target.secretKeyOf")(function* (
  { demo }: Target,
  given: Option.Option<Redacted.Redacted>
) {
  if (Option.isSome(given)) return given.value
  const { key } = yield* environment
  const known = Option.orElse(key, () =>
    Option.map(demo, ({ secretKey }) => Redacted.make(secretKey))
  )
  return yield* Effect.fromOption(known).pipe(
    Effect.mapError(
      () => new NoTarget({ message: "no project: give --key, or set ANALYTICS_KEY" })
    )
  )
})

export const readTarget = Effect.fn("Target.readTarget")(function* (path: string) {
  const text = yield* Effect.tryPromise({
    try: () => readFile(path, "utf8"),
    catch: () =>
      new NoTarget({
        message: `${path} cannot be read: start the stack (make start), or name its file with --stack`
      })
  })
  const file = yield* Schema.decodeUnknownEffect(Schema.fromJsonString(StackFile))(
    text
  ).pipe(
    Effect.mapError((error) => new NoTarget({ message: `${path}: ${error.message}` }))
  )
  const target: Target = {
    api: file.services["analytics-api"],
    ingestion: file.services["data-ingestion"],
    services: file.services,
    adminKey: Redacted.make(file.adminKey),
    demo: Option.fromUndefinedOr(file.demo),
    data: dirname(path)
  }
  return target
})
