import { Context, type Duration, Layer } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  paths: "BATCH_IMPORT_PATHS",
  hosts: "BATCH_IMPORT_HOSTS",
  buckets: "BATCH_IMPORT_BUCKETS",
  maxBytes: "BATCH_IMPORT_MAX_BYTES",
  maxUploadBytes: "BATCH_UPLOAD_MAX_BYTES",
  uploadRetention: "BATCH_UPLOAD_RETENTION",
  maxEventBytes: "INGEST_MAX_EVENT_BYTES"
})

/** Where imports may read from, and how much. */
export class ImportConfig extends Context.Service<
  ImportConfig,
  {
    /** Absolute paths of folders. */
    readonly paths: ReadonlyArray<string>
    /** `host` or `host:port`, for https. */
    readonly hosts: ReadonlyArray<string>
    readonly buckets: ReadonlyArray<string>
    /** Of one file, as it is stored. */
    readonly maxBytes: number
    readonly maxUploadBytes: number
    readonly uploadRetention: Duration.Duration
    /** What data-ingestion takes: a dry run judges alike. */
    readonly maxEventBytes: number
  }
>()("@analytics/config/ImportConfig") {
  static readonly layer = Layer.effect(ImportConfig, fields)

  static readonly layerOf = (values: ImportConfig["Service"]) =>
    Layer.succeed(ImportConfig, values)
}
