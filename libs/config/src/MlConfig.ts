import { Context, type Duration, Layer } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  maxModelSize: "ML_MAX_MODEL_SIZE",
  maxRequestSize: "ML_MAX_REQUEST_SIZE",
  cacheDir: "ML_CACHE_DIR",
  cacheSize: "ML_CACHE_SIZE",
  executorMemory: "ML_EXECUTOR_MEMORY",
  loadTimeout: "ML_LOAD_TIMEOUT",
  startTimeout: "ML_START_TIMEOUT",
  runTimeout: "ML_RUN_TIMEOUT",
  maxLoaded: "ML_MAX_LOADED",
  maxInstances: "ML_MAX_INSTANCES",
  queueRows: "ML_QUEUE_ROWS",
  admissions: "ML_ADMISSIONS"
})

/** What models may cost a process that serves them. */
export class MlConfig extends Context.Service<
  MlConfig,
  {
    /** Bytes of one file. */
    readonly maxModelSize: number
    /** Bytes of the body of one inference. */
    readonly maxRequestSize: number
    readonly cacheDir: string
    /** Bytes. */
    readonly cacheSize: number
    /** Bytes of data segment of one executor, at most. */
    readonly executorMemory: number
    readonly loadTimeout: Duration.Duration
    /** How long the first models may keep a process from being ready. */
    readonly startTimeout: Duration.Duration
    readonly runTimeout: Duration.Duration
    /** Versions. */
    readonly maxLoaded: number
    /** Executors of one version, at most. */
    readonly maxInstances: number
    /** Rows that may wait for one version without a bound of its own. */
    readonly queueRows: number
    /** New versions that are tried at once. */
    readonly admissions: number
  }
>()("@analytics/config/MlConfig") {
  static readonly layer = Layer.effect(MlConfig, fields)

  static readonly layerOf = (values: MlConfig["Service"]) =>
    Layer.succeed(MlConfig, values)
}
