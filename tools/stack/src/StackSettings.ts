import { resolve } from "node:path"
import { withFiles } from "@analytics/config/ConfigSource"
import * as Settings from "@analytics/config/Settings"
import { Config, ConfigProvider, Context, Effect, Layer, Option } from "effect"

/** What the command line says about a start. */
export interface StartOptions {
  /** Only these parts and what they need; all when empty. */
  readonly only: ReadonlyArray<string>
  readonly demo: boolean
  /** Whether a person watches: attached, not `--detach`. */
  readonly terminal: boolean
}

const optional = (name: string) =>
  Config.String(name).pipe(
    Config.withDefault(""),
    Config.map((text) => (text === "" ? undefined : text))
  )

const fields = Settings.load({
  portBase: "STACK_PORT_BASE",
  data: "STACK_DATA",
  noColor: "NO_COLOR"
})

/** Required everywhere else; without them the stack starts stores of its own. */
const stores = Config.all({
  databaseUrl: optional("DATABASE_URL"),
  clickhouseUrl: optional("CLICKHOUSE_URL")
})

/** Where the stack keeps its data, listens and writes. */
export class StackSettings extends Context.Service<
  StackSettings,
  {
    readonly portBase: number
    /** Absolute. */
    readonly data: string
    /** A Postgres of one's own, in place of the embedded one. */
    readonly databaseUrl: string | undefined
    readonly clickhouseUrl: string | undefined
    readonly color: boolean
    /** The directory of the repository. */
    readonly root: string
  } & StartOptions
>()("@analytics/stack/StackSettings") {
  static readonly layer = (options: StartOptions) =>
    Layer.effect(
      StackSettings,
      Effect.map(
        Effect.all([fields, stores]),
        ([{ data, noColor, portBase }, urls]) => ({
          ...urls,
          ...options,
          portBase,
          data: resolve(data),
          color: options.terminal && Option.isNone(noColor) && process.stdout.isTTY,
          root: resolve(import.meta.dirname, "../../..")
        })
      )
    ).pipe(Layer.provide(ConfigProvider.layer(withFiles(ConfigProvider.fromEnv()))))
}
