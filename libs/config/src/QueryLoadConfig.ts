import { Context, type Duration, Layer } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  asyncTimeout: "QUERY_ASYNC_TIMEOUT",
  asyncConcurrency: "QUERY_ASYNC_CONCURRENCY",
  resultRetention: "QUERY_RESULT_RETENTION",
  projectBytesPerSecond: "QUERY_PROJECT_BYTES_PER_SECOND",
  keyBytesPerSecond: "QUERY_KEY_BYTES_PER_SECOND",
  maxRows: "QUERY_MAX_ROWS"
})

/** What queries may ask of the event store together, and those that nobody waits for. */
export class QueryLoadConfig extends Context.Service<
  QueryLoadConfig,
  {
    readonly asyncTimeout: Duration.Duration
    readonly asyncConcurrency: number
    /** How long the answer of a query that nobody waited for is kept. */
    readonly resultRetention: Duration.Duration
    /** 0 is no limit. */
    readonly projectBytesPerSecond: number
    /** 0 is no limit. */
    readonly keyBytesPerSecond: number
    /** By estimate, of one query. 0 is no limit. */
    readonly maxRows: number
  }
>()("@analytics/config/QueryLoadConfig") {
  static readonly layer = Layer.effect(QueryLoadConfig, fields)

  static readonly layerOf = (values: QueryLoadConfig["Service"]) =>
    Layer.succeed(QueryLoadConfig, values)
}
