import { Context, type Duration, Layer } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  dataIngestionUrl: "DATA_INGESTION_URL",
  timeout: "QUERY_TIMEOUT",
  memoryLimit: "QUERY_MEMORY_LIMIT",
  threads: "QUERY_THREADS",
  concurrency: "QUERY_CONCURRENCY"
})

/** Where queries learn the watermark, and what one query may use. */
export class QueryConfig extends Context.Service<
  QueryConfig,
  {
    readonly dataIngestionUrl: string
    readonly timeout: Duration.Duration
    /** In bytes. */
    readonly memoryLimit: number
    /** 0 is one per core. */
    readonly threads: number
    /** Queries of this process that run at once. */
    readonly concurrency: number
  }
>()("@analytics/config/QueryConfig") {
  static readonly layer = Layer.effect(QueryConfig, fields)

  static readonly layerOf = (values: QueryConfig["Service"]) =>
    Layer.succeed(QueryConfig, values)
}
