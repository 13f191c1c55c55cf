import { randomBytes } from "node:crypto"
import { mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { withFiles } from "@analytics/config/ConfigSource"
import {
  Config,
  ConfigProvider,
  Context,
  Effect,
  Layer,
  Option,
  Redacted,
  Schema
} from "effect"
import { StackSettings } from "./StackSettings.ts"

const Kept = Schema.Struct({
  adminKey: Schema.String,
  serviceKey: Schema.String,
  /** Stacks of before had none. */
  reportingSecret: Schema.optionalKey(Schema.String),
  databasePassword: Schema.String,
  clickhousePassword: Schema.String
})

const given = Config.all({
  adminKey: Config.option(Config.Redacted("ADMIN_KEY")),
  serviceKey: Config.option(Config.Redacted("SERVICE_KEY")),
  reportingSecret: Config.option(Config.Redacted("REPORTING_SECRET"))
})

/** `$STACK_DATA/secrets.json` cannot be read or written. */
export class SecretsUnusable extends Schema.TaggedError<SecretsUnusable>()(
  "SecretsUnusable",
  { message: Schema.String }
) {}

/**
 * The stack's secrets: those of the environment, else made once and kept in
 * `$STACK_DATA/secrets.json` (mode 0600).
 */
export class Secrets extends Context.Service<
  Secrets,
  {
    readonly adminKey: Redacted.Redacted
    readonly serviceKey: Redacted.Redacted
    readonly reportingSecret: Redacted.Redacted
    readonly databasePassword: Redacted.Redacted
    readonly clickhousePassword: Redacted.Redacted
  }
>()("@analytics/stack/Secrets") {
  static readonly layer = Layer.effect(
    Secrets,
    Effect.gen(function* () {
      const { data } = yield* StackSettings
      const environment = yield* given
      const kept = yield* Effect.tryPromise({
        try: () => readOrMake(data),
        catch: (error) =>
          new SecretsUnusable({
            message: `${join(data, "secrets.json")} cannot be used: ${error}`
          })
      })
      return {
        adminKey: Option.getOrElse(environment.adminKey, () =>
          Redacted.make(kept.adminKey)
        ),
        serviceKey: Option.getOrElse(environment.serviceKey, () =>
          Redacted.make(kept.serviceKey)
        ),
        reportingSecret: Option.getOrElse(environment.reportingSecret, () =>
          Redacted.make(kept.reportingSecret)
        ),
        databasePassword: Redacted.make(kept.databasePassword),
        clickhousePassword: Redacted.make(kept.clickhousePassword)
      }
    })
  ).pipe(Layer.provide(ConfigProvider.layer(withFiles(ConfigProvider.fromEnv()))))
}

async function readOrMake(data: string): Promise<Required<typeof Kept.Type>> {
  const path = join(data, "secrets.json")
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })
  const secret = () => randomBytes(24).toString("base64url")
  const kept =
    text === undefined
      ? undefined
      : Schema.decodeSync(Schema.fromJsonString(Kept))(text)
  if (kept?.reportingSecret !== undefined)
    return { ...kept, reportingSecret: kept.reportingSecret }
  const made = {
    adminKey: secret(),
    serviceKey: secret(),
    databasePassword: secret(),
    clickhousePassword: secret(),
    ...kept,
    reportingSecret: secret()
  }
  await mkdir(data, { recursive: true })
  await writeFile(`${path}.new`, JSON.stringify(made), { mode: 0o600 })
  await rename(`${path}.new`, path)
  return made
}
