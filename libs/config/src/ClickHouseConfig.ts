import type { Redacted } from "effect"
import { Context, Layer } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({ url: "CLICKHOUSE_URL" })

/** Where the events live: `http://user:password@host:8123/database`. */
export class ClickHouseConfig extends Context.Service<
  ClickHouseConfig,
  { readonly url: Redacted.Redacted }
>()("@analytics/config/ClickHouseConfig") {
  static readonly layer = Layer.effect(ClickHouseConfig, fields)

  static readonly layerOf = (values: ClickHouseConfig["Service"]) =>
    Layer.succeed(ClickHouseConfig, values)
}
