import { Context, Layer, type Option } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({ geoipDatabase: "GEOIP_DATABASE" })

/** What the loader needs besides the stores. */
export class LoaderConfig extends Context.Service<
  LoaderConfig,
  {
    /** Path of a MaxMind `.mmdb` file. */
    readonly geoipDatabase: Option.Option<string>
  }
>()("@analytics/config/LoaderConfig") {
  static readonly layer = Layer.effect(LoaderConfig, fields)

  static readonly layerOf = (values: LoaderConfig["Service"]) =>
    Layer.succeed(LoaderConfig, values)
}
