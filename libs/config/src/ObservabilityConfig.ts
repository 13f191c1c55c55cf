import { Context, Layer, type LogLevel, type Option, type Redacted } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  level: "LOG_LEVEL",
  format: "LOG_FORMAT",
  serviceName: "OTEL_SERVICE_NAME",
  endpoint: "OTEL_EXPORTER_OTLP_ENDPOINT",
  headers: "OTEL_EXPORTER_OTLP_HEADERS",
  disabled: "OTEL_SDK_DISABLED",
  metricInterval: "OTEL_METRIC_EXPORT_INTERVAL",
  sampler: "OTEL_TRACES_SAMPLER",
  sampleRatio: "OTEL_TRACES_SAMPLER_ARG"
})

/** What is logged and where telemetry goes. */
export class ObservabilityConfig extends Context.Service<
  ObservabilityConfig,
  {
    readonly level: LogLevel.LogLevel
    readonly format: "json" | "pretty"
    readonly serviceName: Option.Option<string>
    readonly endpoint: Option.Option<string>
    /** `name=value,name=value`, as OpenTelemetry writes them. */
    readonly headers: Option.Option<Redacted.Redacted>
    readonly disabled: boolean
    /** Milliseconds. */
    readonly metricInterval: number
    readonly sampler:
      | "always_on"
      | "always_off"
      | "traceidratio"
      | "parentbased_always_on"
      | "parentbased_always_off"
      | "parentbased_traceidratio"
    readonly sampleRatio: number
  }
>()("@analytics/config/ObservabilityConfig") {
  static readonly layer = Layer.effect(ObservabilityConfig, fields)

  static readonly layerOf = (values: ObservabilityConfig["Service"]) =>
    Layer.succeed(ObservabilityConfig, values)
}
