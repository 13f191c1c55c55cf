import type { ObservabilityConfig } from "@analytics/config/ObservabilityConfig"
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto"
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { BatchLogRecordProcessor } from "@opentelemetry/sdk-logs"
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler
} from "@opentelemetry/sdk-trace-base"
import { Duration, Effect, Layer, Option, Redacted, Tracer } from "effect"
import { discreet } from "./discreet.ts"
import { KeepNotable } from "./KeepNotable.ts"
import { KeepSampler } from "./KeepSampler.ts"
import { resourceOf } from "./resourceOf.ts"

type Config = ObservabilityConfig["Service"]

/** Traces, metrics and logs to the OTLP collector at `endpoint`. */
export const layer = (serviceName: string, endpoint: string, config: Config) =>
  Layer.effect(Tracer.Tracer, Effect.map(Effect.tracer, discreet)).pipe(
    Layer.provideMerge(exporting(serviceName, endpoint, config))
  )

const exporting = (serviceName: string, endpoint: string, config: Config) =>
  NodeSdk.layer(() => {
    const headers = headersOf(config)
    const to = (signal: string) => ({ url: `${endpoint}/v1/${signal}`, headers })
    return {
      resource: resourceOf(serviceName, config),
      spanProcessor: keeping(
        config,
        new BatchSpanProcessor(new OTLPTraceExporter(to("traces")))
      ),
      tracerConfig: { sampler: keptBy(config) },
      metricReader: new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter(to("metrics")),
        exportIntervalMillis: config.metricInterval,
        // The SDK's own default of 30 s is refused when it exceeds the interval.
        exportTimeoutMillis: Math.min(30_000, config.metricInterval)
      }),
      logRecordProcessor: new BatchLogRecordProcessor({
        exporter: new OTLPLogExporter(to("logs"))
      })
    }
  })

const keepsNotable = ({ keepErrors, keepSlowerThan }: Config): boolean =>
  keepErrors || Duration.toMillis(keepSlowerThan) > 0

const keeping = (config: Config, next: SpanProcessor): SpanProcessor =>
  keepsNotable(config)
    ? new KeepNotable(next, {
        errors: config.keepErrors,
        slowerThan: Duration.toMillis(config.keepSlowerThan),
        mostSpans: config.bufferedSpans
      })
    : next

/** `always_on` is all there is, what nobody asked for included. */
const keptBy = (config: Config): Sampler =>
  config.sampler === "always_on"
    ? samplerOf(config)
    : new KeepSampler(samplerOf(config), keepsNotable(config))

const samplerOf = ({ sampler, sampleRatio }: Config): Sampler => {
  const ratio = () => new TraceIdRatioBasedSampler(sampleRatio)
  switch (sampler) {
    case "always_on":
      return new AlwaysOnSampler()
    case "always_off":
      return new AlwaysOffSampler()
    case "traceidratio":
      return ratio()
    case "parentbased_always_on":
      return new ParentBasedSampler({ root: new AlwaysOnSampler() })
    case "parentbased_always_off":
      return new ParentBasedSampler({ root: new AlwaysOffSampler() })
    case "parentbased_traceidratio":
      return new ParentBasedSampler({ root: ratio() })
  }
}

/** `name=value,name=value`, percent-encoded as in W3C baggage. */
const headersOf = ({ headers }: Config): Record<string, string> => {
  const text = Option.match(headers, { onNone: () => "", onSome: Redacted.value })
  return Object.fromEntries(
    text
      .split(",")
      .map((pair) => pair.trim())
      .filter((pair) => pair.includes("="))
      .map((pair) => {
        const at = pair.indexOf("=")
        return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]
      })
  )
}
