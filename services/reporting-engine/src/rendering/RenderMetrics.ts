import { exposed } from "@analytics/observability/exposed"
import { Metric } from "effect"

/** Seconds that a document took to render, by format, without its wait. */
export const renderDuration = exposed(
  Metric.histogram("reports.render.duration", {
    description: "Time to render a document",
    attributes: { unit: "s" },
    boundaries: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
  })
)

/** Documents that were refused or failed, by format and why. */
export const renderFailures = exposed(
  Metric.counter("reports.render.failures", {
    description: "Documents that were not rendered",
    incremental: true
  })
)

/** Documents that are rendered now, and those that wait for it. */
export const renderHeld = exposed(
  Metric.gauge("reports.render.held", {
    description: "Documents that are rendered or wait for it"
  })
)
