import { Context, type Metric } from "effect"

/**
 * Shows a metric from the start, at 0: a rate needs something to rise from, and an alert
 * on what never happened yet must find its series.
 */
export const exposed = <M extends Metric.Metric<never, unknown>>(metric: M): M => {
  metric.valueUnsafe(Context.empty())
  return metric
}
