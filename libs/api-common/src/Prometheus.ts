import { Effect } from "effect"
import { PrometheusMetrics } from "effect/observability"

export const contentType = "text/plain; version=0.0.4; charset=utf-8"

/**
 * Every Effect metric of this process and the process's own, in Prometheus' text format.
 * Metrics are named as OpenTelemetry names them; what ends in `.duration` is in seconds,
 * which Prometheus wants in the name.
 */
export const text: Effect.Effect<string> = PrometheusMetrics.format({
  metricNameMapper: (name) => (name.endsWith(".duration") ? `${name}.seconds` : name)
}).pipe(Effect.map((metrics) => metrics + processMetrics()))

const startedAt = Date.now() / 1000 - process.uptime()

const processMetrics = (): string => {
  const cpu = process.cpuUsage()
  return `# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes ${process.memoryUsage.rss()}
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total ${(cpu.user + cpu.system) / 1e6}
# TYPE process_start_time_seconds gauge
process_start_time_seconds ${startedAt}
`
}
