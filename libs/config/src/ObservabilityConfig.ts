import {
  Context,
  type Duration,
  Layer,
  type LogLevel,
  type Option,
  type Redacted
} from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  level: "LOG_LEVEL",
  format: "LOG_FORMAT",
  serviceName: "OTEL_SERVICE_NAME",
  serviceVersion: "SERVICE_VERSION",
  environment: "DEPLOYMENT_ENVIRONMENT",
  attributes: "OTEL_RESOURCE_ATTRIBUTES",
  endpoint: "OTEL_EXPORTER_OTLP_ENDPOINT",
  headers: "OTEL_EXPORTER_OTLP_HEADERS",
  disabled: "OTEL_SDK_DISABLED",
  metricInterval: "OTEL_METRIC_EXPORT_INTERVAL",
  sampler: "OTEL_TRACES_SAMPLER",
  sampleRatio: "OTEL_TRACES_SAMPLER_ARG",
  keepErrors: "TRACE_KEEP_ERRORS",
  keepSlowerThan: "TRACE_KEEP_SLOWER_THAN",
  bufferedSpans: "TRACE_BUFFER_SPANS"
})

/** What is logged and where telemetry goes. */
export class ObservabilityConfig extends Context.Service<
  ObservabilityConfig,
  {
    readonly level: LogLevel.LogLevel
    readonly format: "json" | "pretty"
    readonly serviceName: Option.Option<string>
    readonly serviceVersion: Option.Option<string>
    readonly environment: string
    /** `name=value,name=value`, percent-encoded. */
    readonly attributes: Option.Option<string>
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
    /** Of traces that are not sampled: whether what failed is exported. */
    readonly keepErrors: boolean
    /** The same of what took so long; zero: of nothing. */
    readonly keepSlowerThan: Duration.Duration
    readonly bufferedSpans: number
  }
>()("@analytics/config/ObservabilityConfig") {
  static readonly layer = Layer.effect(ObservabilityConfig, fields)

  static readonly layerOf = (values: ObservabilityConfig["Service"]) =>
    Layer.succeed(ObservabilityConfig, values)
}
