import { exposed } from "@analytics/observability/exposed"
import { Metric } from "effect"

/** Events whose fate is decided, by outcome. */
export const loaded = exposed(
  Metric.counter("loader_events_total", {
    description: "Events taken from the inbox, by outcome"
  })
)
export const batches = exposed(
  Metric.counter("loader_batches_total", {
    description: "Batches done"
  })
)
export const batchSeconds = exposed(
  Metric.histogram("loader_batch_seconds", {
    description: "From seal to done",
    boundaries: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60]
  })
)
export const retries = exposed(
  Metric.counter("loader_retries_total", {
    description: "Attempts that failed and were repeated; an alarm when it grows"
  })
)
export const poisoned = exposed(
  Metric.counter("loader_poison_total", {
    description: "Events that the store refused for their data"
  })
)
export const enrichmentFailures = exposed(
  Metric.counter("loader_enrichment_failures_total", {
    description: "Events stored without what could not be worked out"
  })
)
export const crowdedProjects = exposed(
  Metric.counter("loader_crowded_projects_total", {
    description: "Projects that went over 2,000 event names"
  })
)
export const lag = exposed(
  Metric.gauge("loader_lag_seconds", {
    description: "Age of the oldest inbox row of the batch just sealed"
  })
)
export const unresolvedLinks = exposed(
  Metric.counter("loader_unresolved_links_total", {
    description: "Links of people too large to resolve; an alarm when it grows"
  })
)
export const parkedUndos = exposed(
  Metric.counter("loader_parked_undos_total", {
    description:
      "Undone links whose people could not be written, by reason; an alarm when it grows"
  })
)
export const unreadable = exposed(
  Metric.counter("loader_unreadable_total", {
    description:
      "Acknowledged events that could not be read again; an alarm when it grows"
  })
)
export const surplus = exposed(
  Metric.counter("loader_surplus_rows_total", {
    description: "Rows beyond those of their batch; an alarm when it grows"
  })
)
const waiting = exposed(
  Metric.gauge("loader_waiting_bytes", {
    description:
      "Bytes of the inbox rows that a loader looked at and has not taken, by lane"
  })
)

export const countWaiting = (lane: "live" | "bulk", bytes: number) =>
  Metric.update(Metric.withAttributes(waiting, { lane }), bytes)
