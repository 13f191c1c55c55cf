import { Context, Layer } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({ mlInferenceUrl: "ML_INFERENCE_URL" })

/** Where forecasts are asked for. */
export class InferenceConfig extends Context.Service<
  InferenceConfig,
  { readonly mlInferenceUrl: string }
>()("@analytics/config/InferenceConfig") {
  static readonly layer = Layer.effect(InferenceConfig, fields)

  static readonly layerOf = (values: InferenceConfig["Service"]) =>
    Layer.succeed(InferenceConfig, values)
}
