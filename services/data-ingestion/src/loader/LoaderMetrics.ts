import { Metric } from "effect"

/** Events whose fate is decided, by outcome. */
export const loaded = Metric.counter("loader_events_total", {
  description: "Events taken from the inbox, by outcome"
})
export const batches = Metric.counter("loader_batches_total", {
  description: "Batches done"
})
export const batchSeconds = Metric.histogram("loader_batch_seconds", {
  description: "From seal to done",
  boundaries: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60]
})
export const retries = Metric.counter("loader_retries_total", {
  description: "Attempts that failed and were repeated; an alarm when it grows"
})
export const poisoned = Metric.counter("loader_poison_total", {
  description: "Events that the store refused for their data"
})
export const enrichmentFailures = Metric.counter("loader_enrichment_failures_total", {
  description: "Events stored without what could not be worked out"
})
export const crowdedProjects = Metric.counter("loader_crowded_projects_total", {
  description: "Projects that went over 2,000 event names"
})
export const lag = Metric.gauge("loader_lag_seconds", {
  description: "Age of the oldest inbox row of the batch just sealed"
})
export const unresolvedLinks = Metric.counter("loader_unresolved_links_total", {
  description: "Links of people too large to resolve; an alarm when it grows"
})
export const parkedUndos = Metric.counter("loader_parked_undos_total", {
  description:
    "Undone links whose people could not be written, by reason; an alarm when it grows"
})
export const unreadable = Metric.counter("loader_unreadable_total", {
  description:
    "Acknowledged events that could not be read again; an alarm when it grows"
})
export const surplus = Metric.counter("loader_surplus_rows_total", {
  description: "Rows beyond those of their batch; an alarm when it grows"
})
