import { Context, type Duration, Layer, type Redacted } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  analyticsApiUrl: "ANALYTICS_API_URL",
  serviceKey: "SERVICE_KEY",
  interval: "KEY_SYNC_INTERVAL",
  stateDir: "STATE_DIR"
})

/** How data-ingestion learns keys, and where it keeps them for when it cannot ask. */
export class KeySyncConfig extends Context.Service<
  KeySyncConfig,
  {
    readonly analyticsApiUrl: string
    readonly serviceKey: Redacted.Redacted
    readonly interval: Duration.Duration
    readonly stateDir: string
  }
>()("@analytics/config/KeySyncConfig") {
  static readonly layer = Layer.effect(KeySyncConfig, fields)

  static readonly layerOf = (values: KeySyncConfig["Service"]) =>
    Layer.succeed(KeySyncConfig, values)
}
