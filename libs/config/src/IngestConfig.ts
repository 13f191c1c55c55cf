import { Context, Effect, Layer } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  environment: "NODE_ENV",
  testMode: "INGEST_TEST_MODE",
  maxEventBytes: "INGEST_MAX_EVENT_BYTES",
  maxBatchBytes: "INGEST_MAX_BATCH_BYTES",
  maxBatchEvents: "INGEST_MAX_BATCH_EVENTS",
  maxPendingBytes: "INGEST_MAX_PENDING_BYTES",
  maxProjectPendingBytes: "INGEST_MAX_PROJECT_PENDING_BYTES",
  projectEventsPerSecond: "INGEST_PROJECT_EVENTS_PER_SECOND",
  maxProjectBacklog: "INGEST_MAX_PROJECT_BACKLOG"
})

/** What data-ingestion takes in. */
export class IngestConfig extends Context.Service<
  IngestConfig,
  {
    /** An event's own `receivedAt` is honoured. */
    readonly testMode: boolean
    readonly maxEventBytes: number
    /** After decompression. */
    readonly maxBatchBytes: number
    readonly maxBatchEvents: number
    /** Waiting in memory for their commit, of all projects and of one. */
    readonly maxPendingBytes: number
    readonly maxProjectPendingBytes: number
    /** Above it the bulk lane. */
    readonly projectEventsPerSecond: number
    /** Acknowledged events of one project that wait for the loader. */
    readonly maxProjectBacklog: number
  }
>()("@analytics/config/IngestConfig") {
  static readonly layer = Layer.effect(
    IngestConfig,
    Effect.flatMap(fields, ({ environment, ...values }) =>
      values.testMode && environment === "production"
        ? Settings.contradiction(
            "INGEST_TEST_MODE lets clients backdate events, so it is refused when NODE_ENV is production; unset one of them."
          )
        : Effect.succeed(values)
    )
  )

  static readonly layerOf = (values: IngestConfig["Service"]) =>
    Layer.succeed(IngestConfig, values)
}
