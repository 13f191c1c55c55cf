import { Context, Layer } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({ url: "REPORTING_ENGINE_URL" })

/** Where reports are made and sent. */
export class ReportingEngineConfig extends Context.Service<
  ReportingEngineConfig,
  { readonly url: string }
>()("@analytics/config/ReportingEngineConfig") {
  static readonly layer = Layer.effect(ReportingEngineConfig, fields)

  static readonly layerOf = (values: ReportingEngineConfig["Service"]) =>
    Layer.succeed(ReportingEngineConfig, values)
}
