import { Context, type Duration, Layer } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  fileEvents: "EXPORT_FILE_EVENTS",
  retention: "EXPORT_RETENTION"
})

/** How exports are written, and how long they are kept. */
export class ExportConfig extends Context.Service<
  ExportConfig,
  {
    /** Events of one file, about. */
    readonly fileEvents: number
    readonly retention: Duration.Duration
  }
>()("@analytics/config/ExportConfig") {
  static readonly layer = Layer.effect(ExportConfig, fields)

  static readonly layerOf = (values: ExportConfig["Service"]) =>
    Layer.succeed(ExportConfig, values)
}
