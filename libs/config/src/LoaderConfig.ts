import { Context, type Duration, Layer, type Option } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  geoipDatabase: "GEOIP_DATABASE",
  inboxRetention: "INBOX_RETENTION",
  purgeInterval: "PURGE_INTERVAL"
})

/** What the loader needs besides the stores. */
export class LoaderConfig extends Context.Service<
  LoaderConfig,
  {
    /** Path of a MaxMind `.mmdb` file. */
    readonly geoipDatabase: Option.Option<string>
    /** How long stored events stay in the inbox. */
    readonly inboxRetention: Duration.Duration
    /** The shortest time between two removals of deleted projects. */
    readonly purgeInterval: Duration.Duration
  }
>()("@analytics/config/LoaderConfig") {
  static readonly layer = Layer.effect(LoaderConfig, fields)

  static readonly layerOf = (values: LoaderConfig["Service"]) =>
    Layer.succeed(LoaderConfig, values)
}
