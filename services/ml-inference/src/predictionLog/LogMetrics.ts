import { exposed } from "@analytics/observability/exposed"
import { type Context, Effect, Metric } from "effect"

const logged = Metric.counter("ml.predictions.logged", {
  description: "Predictions that were logged as events",
  incremental: true
})
const dropped = exposed(
  Metric.counter("ml.predictions.dropped", {
    description: "Predictions that were to be logged and are not, by reason",
    incremental: true
  })
)
const waiting = exposed(
  Metric.gauge("ml.predictions.waiting", {
    description: "Predictions that wait to be logged"
  })
)

/**
 * Why: no room; data-ingestion was away for too long; it does not take it; the process
 * ended first; the model said no number.
 */
export type DropReason = "full" | "unavailable" | "refused" | "stopped" | "not_a_number"

/** Counts what becomes of predictions, and says now and then what was lost. */
export interface LogMetrics {
  readonly logged: (count: number) => void
  readonly dropped: (reason: DropReason, count: number, detail: string) => void
  readonly waiting: (count: number) => void
  /** One warning of what was dropped since the last one; none if nothing was. */
  readonly report: Effect.Effect<void>
}

export const makeLogMetrics = (context: Context.Context<never>): LogMetrics => {
  const unreported = new Map<DropReason, { count: number; detail: string }>()
  return {
    logged: (count) => logged.updateUnsafe(count, context),
    dropped: (reason, count, detail) => {
      if (count === 0) return
      Metric.withAttributes(dropped, { reason }).updateUnsafe(count, context)
      const before = unreported.get(reason)?.count ?? 0
      unreported.set(reason, { count: before + count, detail })
    },
    waiting: (count) => waiting.updateUnsafe(count, context),
    report: Effect.suspend(() => {
      if (unreported.size === 0) return Effect.void
      const lost = Object.fromEntries(unreported)
      unreported.clear()
      return Effect.logWarning("predictions were not logged").pipe(
        Effect.annotateLogs({ dropped: lost })
      )
    })
  }
}
