import { Context, type Duration, Layer } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  maxEvents: "ML_LOG_EVENTS",
  maxBytes: "ML_LOG_SIZE",
  flushInterval: "ML_LOG_INTERVAL",
  patience: "ML_LOG_PATIENCE"
})

/** How predictions are logged that a process was asked for. */
export class PredictionLogConfig extends Context.Service<
  PredictionLogConfig,
  {
    /** That wait or are being sent, at most. */
    readonly maxEvents: number
    /** Of these, as JSON. */
    readonly maxBytes: number
    /** How long one may wait for others to be sent with. */
    readonly flushInterval: Duration.Duration
    /** How long a batch is tried. */
    readonly patience: Duration.Duration
  }
>()("@analytics/config/PredictionLogConfig") {
  static readonly layer = Layer.effect(PredictionLogConfig, fields)

  static readonly layerOf = (values: PredictionLogConfig["Service"]) =>
    Layer.succeed(PredictionLogConfig, values)
}
