import { exposed } from "@analytics/observability/exposed"
import { type Context, Metric } from "effect"
import type { DesiredVersion } from "../registry/DesiredModels.ts"

const seconds = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60]

const queueRows = exposed(
  Metric.gauge("ml.queue.rows", {
    description: "Rows that wait for a run"
  })
)
const batchRows = Metric.histogram("ml.run.rows", {
  description: "Rows of one run",
  boundaries: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
})
const runTime = Metric.histogram("ml.run.duration", {
  description: "Time the runtime took for one run, in seconds",
  boundaries: seconds
})
const queueTime = Metric.histogram("ml.queue.duration", {
  description: "Time the oldest request of a run waited for it, in seconds",
  boundaries: seconds
})
const failures = exposed(
  Metric.counter("ml.requests.failed", {
    description: "Requests that a version could not answer, by reason",
    incremental: true
  })
)
const losses = exposed(
  Metric.counter("ml.executor.losses", {
    description: "Processes that ended without being told to, by reason",
    incremental: true
  })
)
const starts = Metric.counter("ml.executor.starts", {
  description: "Processes that loaded their model",
  incremental: true
})
const memory = Metric.gauge("ml.executor.memory", {
  description: "Resident bytes of the processes of a version"
})
const ready = Metric.gauge("ml.version.ready", {
  description: "1 while a version answers; 0 while it is loading, broken or left alone"
})
const shadows = Metric.counter("ml.shadow.requests", {
  description:
    "Requests that the shadow was to answer too: same, different, failed, or dropped",
  incremental: true
})
const versions = exposed(
  Metric.gauge("ml.versions.loaded", {
    description: "Versions that answer in this process"
  })
)

export const setLoaded = (count: number, context: Context.Context<never>): void =>
  versions.updateUnsafe(count, context)

/** The metrics of one version; cheap enough to be updated by every run. */
export const makeVersionMetrics = (
  { model, projectId, version }: DesiredVersion,
  context: Context.Context<never>
) => {
  const attributes = {
    "project.id": String(projectId),
    "model.name": model,
    "model.version": String(version)
  }
  const removals = new Set<() => void>()
  const of = <I, S>(metric: Metric.Metric<I, S>, more: Record<string, string> = {}) => {
    const own = Metric.withAttributes(metric, { ...attributes, ...more })
    removals.add(() => Metric.removeUnsafe(own, context))
    return (value: I) => own.updateUnsafe(value, context)
  }
  /** By a label that only shows itself when something happens. */
  const by = (metric: Metric.Metric<number, unknown>, label: string) => {
    const known = new Map<string, (value: number) => void>()
    return (value: string) => {
      const count = known.get(value) ?? of(metric, { [label]: value })
      known.set(value, count)
      count(1)
    }
  }
  const started = of(starts)
  return {
    queueRows: of(queueRows),
    batchRows: of(batchRows),
    runTime: of(runTime),
    queueTime: of(queueTime),
    memory: of(memory),
    ready: of(ready),
    started: () => started(1),
    lost: by(losses, "reason"),
    failed: by(failures, "reason"),
    shadowed: by(shadows, "outcome"),
    /** A version that is gone shows nothing any more. */
    remove: () => {
      for (const each of removals) each()
    }
  }
}
export type VersionMetrics = ReturnType<typeof makeVersionMetrics>
