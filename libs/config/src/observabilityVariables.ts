import * as Kind from "./Kind.ts"
import { defaulted, optional, type Process } from "./Variable.ts"

const of: ReadonlyArray<Process> = [
  "analytics-api",
  "data-ingestion",
  "loader",
  "batch-processor",
  "ml-inference",
  "reporting-engine"
]

/** What is logged, what is traced, and where both go. */
export const observabilityVariables = {
  LOG_LEVEL: defaulted(
    Kind.oneOf("All", "Trace", "Debug", "Info", "Warn", "Error", "Fatal", "None"),
    "Info",
    { of, description: "Least severe level that is logged." }
  ),
  LOG_FORMAT: defaulted(Kind.oneOf("json", "pretty"), "json", {
    of,
    description: "One JSON object a line, or text for people."
  }),
  OTEL_SERVICE_NAME: optional(Kind.text, {
    of,
    description: "Name of the service in telemetry; its own name without it."
  }),
  SERVICE_VERSION: optional(Kind.text, {
    of,
    description:
      "`service.version` in telemetry. Without it the version of the repository."
  }),
  DEPLOYMENT_ENVIRONMENT: defaulted(Kind.text, "local", {
    of,
    description: "`deployment.environment.name` in telemetry, such as `production`."
  }),
  OTEL_RESOURCE_ATTRIBUTES: optional(Kind.text, {
    of,
    description:
      "Further attributes of everything this process tells, as `name=value,name=value`, percent-encoded. What is named here counts more than the variables above."
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(Kind.url, {
    of,
    description:
      "OTLP collector for traces, metrics and logs, which are exported only when it is set. The SDK's other `OTEL_*` variables (timeouts, compression, batch sizes) mean what OpenTelemetry says."
  }),
  OTEL_EXPORTER_OTLP_HEADERS: optional(Kind.secret, {
    of,
    description: "Headers for the collector, as `name=value,name=value`."
  }),
  OTEL_SDK_DISABLED: defaulted(Kind.flag, "false", {
    of,
    description: "Switches the export off, whatever the endpoint says."
  }),
  OTEL_METRIC_EXPORT_INTERVAL: defaulted(
    Kind.wholeNumber({ minimum: 100, maximum: 3_600_000 }),
    "60000",
    { of, description: "Milliseconds between two exports of the metrics." }
  ),
  OTEL_TRACES_SAMPLER: defaulted(
    Kind.oneOf(
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio"
    ),
    "parentbased_traceidratio",
    {
      of,
      description:
        "Which traces are kept. What begins neither with a request nor with a job (the looks that services take all the time) is kept by `always_on` alone, or when it fails or is slow."
    }
  ),
  OTEL_TRACES_SAMPLER_ARG: defaulted(Kind.share, "1", {
    of,
    description: "Share of the traces that the `traceidratio` samplers keep."
  }),
  TRACE_KEEP_ERRORS: defaulted(Kind.flag, "true", {
    of,
    description:
      "Whether a service exports what it did for a request or job that failed, though its trace was not sampled."
  }),
  TRACE_KEEP_SLOWER_THAN: defaulted(Kind.duration, "1 second", {
    of,
    description: "The same for what took at least so long; `0 seconds`: for nothing."
  }),
  TRACE_BUFFER_SPANS: defaulted(
    Kind.wholeNumber({ minimum: 100, maximum: 1_000_000 }),
    "10000",
    {
      of,
      description:
        "Spans a process holds, of traces that are not sampled, until it is known whether they failed or were slow. Beyond it the oldest are let go."
    }
  )
}
