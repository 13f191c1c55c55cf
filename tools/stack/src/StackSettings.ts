import { resolve } from "node:path"
import { withFiles } from "@analytics/config/ConfigSource"
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
  Config.option(Config.NonEmptyString(name)).pipe(Config.map(Option.getOrUndefined))

const fields = Config.all({
  portBase: Config.Port("STACK_PORT_BASE").pipe(Config.withDefault(4000)),
  data: Config.String("STACK_DATA").pipe(
    Config.withDefault(".data"),
    Config.map((path) => resolve(path))
  ),
  databaseUrl: optional("DATABASE_URL"),
  clickhouseUrl: optional("CLICKHOUSE_URL"),
  noColor: optional("NO_COLOR")
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
      Effect.map(fields, ({ noColor, ...settings }) => ({
        ...settings,
        ...options,
        color: options.terminal && noColor === undefined && process.stdout.isTTY,
        root: resolve(import.meta.dirname, "../../..")
      }))
    ).pipe(Layer.provide(ConfigProvider.layer(withFiles(ConfigProvider.fromEnv()))))
}
