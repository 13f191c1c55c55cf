import { Context, type Duration, Layer, type Option } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  runnerHost: "BATCH_RUNNER_HOST",
  runnerListenHost: "BATCH_RUNNER_LISTEN_HOST",
  runnerPort: "BATCH_RUNNER_PORT",
  runnerHealth: "BATCH_RUNNER_HEALTH",
  k8sNamespace: "BATCH_K8S_NAMESPACE",
  k8sLabels: "BATCH_K8S_LABELS",
  runnerExpiry: "BATCH_RUNNER_EXPIRY",
  heartbeatInterval: "BATCH_HEARTBEAT_INTERVAL",
  memory: "BATCH_MEMORY"
})

/** How a runner of jobs meets the others, and what it takes on. */
export class BatchConfig extends Context.Service<
  BatchConfig,
  {
    /** Where the other runners reach this one. */
    readonly runnerHost: string
    readonly runnerListenHost: Option.Option<string>
    readonly runnerPort: number
    readonly runnerHealth: "ping" | "k8s"
    readonly k8sNamespace: Option.Option<string>
    readonly k8sLabels: Option.Option<string>
    /** A runner that said nothing for so long loses its jobs. */
    readonly runnerExpiry: Duration.Duration
    readonly heartbeatInterval: Duration.Duration
    /** Bytes that the jobs of this runner may hold together. */
    readonly memory: number
  }
>()("@analytics/config/BatchConfig") {
  static readonly layer = Layer.effect(BatchConfig, fields)

  static readonly layerOf = (values: BatchConfig["Service"]) =>
    Layer.succeed(BatchConfig, values)
}
