import { Context, type Duration, Layer, type Redacted } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  secret: "REPORTING_SECRET",
  publicUrl: "REPORTING_PUBLIC_URL",
  batchProcessorUrl: "BATCH_PROCESSOR_URL",
  sectionsAtOnce: "REPORT_SECTIONS_AT_ONCE",
  renderers: "REPORT_RENDERERS",
  renderMemory: "REPORT_RENDER_MEMORY",
  renderTimeout: "REPORT_RENDER_TIMEOUT",
  renderQueue: "REPORT_RENDER_QUEUE",
  rendersPerProcess: "REPORT_RENDERS_PER_PROCESS",
  retention: "REPORT_RETENTION",
  linkLifetime: "REPORT_LINK_LIFETIME"
})

/** How reports are made and kept. */
export class ReportConfig extends Context.Service<
  ReportConfig,
  {
    /** Keys for encryption and signatures are derived from it; never used as it is. */
    readonly secret: Redacted.Redacted
    /** Without a slash at its end. */
    readonly publicUrl: string
    readonly batchProcessorUrl: string
    readonly sectionsAtOnce: number
    /** Processes. */
    readonly renderers: number
    /** Bytes of data segment of one process. */
    readonly renderMemory: number
    readonly renderTimeout: Duration.Duration
    /** Documents that may wait. */
    readonly renderQueue: number
    readonly rendersPerProcess: number
    readonly retention: Duration.Duration
    readonly linkLifetime: Duration.Duration
  }
>()("@analytics/config/ReportConfig") {
  static readonly layer = Layer.effect(ReportConfig, fields)

  static readonly layerOf = (values: ReportConfig["Service"]) =>
    Layer.succeed(ReportConfig, values)
}
