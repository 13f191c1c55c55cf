import { BatchConfig } from "@analytics/config/BatchConfig"
import { Context, Effect, Layer } from "effect"

/** How this runner is called where jobs are shown. */
export class RunnerName extends Context.Service<RunnerName, string>()(
  "@analytics/batch-processor/jobs/RunnerName"
) {
  static readonly layer = Layer.effect(
    RunnerName,
    Effect.map(
      BatchConfig,
      ({ runnerHost, runnerPort }) => `${runnerHost}:${runnerPort}/${process.pid}`
    )
  )
}
