import { exposed } from "@analytics/observability/exposed"
import { Effect, Metric } from "effect"

const evaluated = exposed(
  Metric.counter("alerts_evaluated_total", {
    description: "Buckets that alerts judged, by verdict",
    incremental: true
  })
)
const revised = exposed(
  Metric.counter("alerts_revised_total", {
    description: "Judged buckets that late data made others",
    incremental: true
  })
)
const noticed = exposed(
  Metric.counter("alerts_notices_total", {
    description: "Notices that alerts gave, by kind",
    incremental: true
  })
)
const failed = exposed(
  Metric.counter("alerts_failed_looks_total", {
    description: "Looks at alerts that found no answer; an alarm when it keeps growing",
    incremental: true
  })
)
const behind = exposed(
  Metric.gauge("alerts_behind_seconds", {
    description: "How long the alert that waits longest has been due"
  })
)

const count = (metric: Metric.Counter<number>, attributes: Record<string, string>) =>
  Metric.update(Metric.withAttributes(metric, attributes), 1)

export const countEvaluated = (verdict: string) => count(evaluated, { verdict })
export const countNoticed = (kind: string) => count(noticed, { kind })
export const countRevised = (buckets: number) => Metric.update(revised, buckets)
export const countFailed = Metric.update(failed, 1)
export const countBehind = (seconds: number) =>
  Effect.asVoid(Metric.update(behind, seconds))
