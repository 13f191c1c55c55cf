import { Context, Layer, type Redacted } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  analyticsApiUrl: "ANALYTICS_API_URL",
  dataIngestionUrl: "DATA_INGESTION_URL",
  mlInferenceUrl: "ML_INFERENCE_URL",
  serviceKey: "SERVICE_KEY"
})

/** Where the other services are, and the key with which they are asked. */
export class ServicesConfig extends Context.Service<
  ServicesConfig,
  {
    readonly analyticsApiUrl: string
    readonly dataIngestionUrl: string
    readonly mlInferenceUrl: string
    readonly serviceKey: Redacted.Redacted
  }
>()("@analytics/config/ServicesConfig") {
  static readonly layer = Layer.effect(ServicesConfig, fields)

  static readonly layerOf = (values: ServicesConfig["Service"]) =>
    Layer.succeed(ServicesConfig, values)
}
