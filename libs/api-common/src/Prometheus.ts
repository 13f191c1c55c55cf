import { type Context, Effect, Metric } from "effect"
import { PrometheusMetrics } from "effect/observability"

export const contentType = "text/plain; version=0.0.4; charset=utf-8"

/**
 * Every Effect metric of this process and the process's own, in Prometheus' text format.
 * Metrics are named as OpenTelemetry names them, and told as its collector would: what
 * ends in `.duration` or `.age` is in seconds, which Prometheus wants in the name, and a
 * counter ends in `_total`.
 */
export const text: Effect.Effect<string> = Effect.map(
  Effect.context<never>(),
  (context) => {
    const counters = namesOfCounters(context)
    const metrics = PrometheusMetrics.formatUnsafe(context, {
      metricNameMapper: (name) => {
        if (/\.(?:duration|age)$/u.test(name)) return `${name}.seconds`
        return counters.has(name) && !name.endsWith("_total") ? `${name}_total` : name
      }
    })
    return metrics + processMetrics()
  }
)

const namesOfCounters = (context: Context.Context<never>): ReadonlySet<string> =>
  new Set(
    Metric.snapshotUnsafe(context)
      .filter(({ type }) => type === "Counter")
      .map(({ id }) => id)
  )

const startedAt = Date.now() / 1000 - process.uptime()

const processMetrics = (): string => {
  const cpu = process.cpuUsage()
  return `# HELP process_resident_memory_bytes Resident memory
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes ${process.memoryUsage.rss()}
# HELP process_cpu_seconds_total Time that the process ran, of all its threads
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total ${(cpu.user + cpu.system) / 1e6}
# HELP process_start_time_seconds When the process began, since 1970
# TYPE process_start_time_seconds gauge
process_start_time_seconds ${startedAt}
`
}
