import { Context, type Duration, Layer, type Redacted } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  url: "CLICKHOUSE_URL",
  requestTimeout: "CLICKHOUSE_REQUEST_TIMEOUT",
  poolSize: "CLICKHOUSE_POOL_SIZE",
  cluster: "CLICKHOUSE_CLUSTER"
})

/**
 * Where the events live: `http://user:password@host:8123/database`. A request without an
 * answer after `requestTimeout` is given up and its query killed.
 */
export class ClickHouseConfig extends Context.Service<
  ClickHouseConfig,
  {
    readonly url: Redacted.Redacted
    readonly requestTimeout: Duration.Duration
    readonly poolSize: number
    /** Name of the cluster in the servers' configuration; none or "" is one node. */
    readonly cluster?: string
  }
>()("@analytics/config/ClickHouseConfig") {
  static readonly layer = Layer.effect(ClickHouseConfig, fields)

  static readonly layerOf = (values: ClickHouseConfig["Service"]) =>
    Layer.succeed(ClickHouseConfig, values)
}
