import { Schema } from "effect"
import { datatypes } from "./Tensor.ts"

/** `{"error": "…"}`: every failure of the protocol. */
export const ErrorMessage = Schema.Struct({ error: Schema.String })

/** `GET /v2` */
export const ServerMetadata = Schema.Struct({
  name: Schema.String,
  version: Schema.String,
  extensions: Schema.Array(Schema.String)
})

/** `GET /v2/health/live` */
export const ServerLive = Schema.Struct({ live: Schema.Boolean })

/** `GET /v2/health/ready` */
export const ServerReady = Schema.Struct({ ready: Schema.Boolean })

/** `GET /v2/models/{name}[/versions/{version}]/ready` */
export const ModelReady = Schema.Struct({ name: Schema.String, ready: Schema.Boolean })

const TensorMetadata = Schema.Struct({
  name: Schema.String,
  datatype: Schema.Literals(datatypes),
  shape: Schema.Array(Schema.Int).annotate({ description: "-1: of any size" })
})

/** `GET /v2/models/{name}[/versions/{version}]` */
export const ModelMetadata = Schema.Struct({
  name: Schema.String,
  versions: Schema.Array(Schema.String),
  platform: Schema.String,
  inputs: Schema.Array(TensorMetadata),
  outputs: Schema.Array(TensorMetadata)
})

/** `POST /v2/repository/index` */
export const RepositoryIndex = Schema.Array(
  Schema.Struct({
    name: Schema.String,
    version: Schema.String,
    state: Schema.Literals(["READY", "LOADING", "UNLOADING", "UNAVAILABLE"]),
    reason: Schema.String
  })
)

const DurationStatistics = Schema.Struct({
  count: Schema.Number,
  ns: Schema.Number.annotate({ description: "nanoseconds in all" })
})

const ModelStatistics = Schema.Struct({
  name: Schema.String,
  version: Schema.String,
  last_inference: Schema.Number.annotate({ description: "epoch milliseconds" }),
  inference_count: Schema.Number.annotate({ description: "rows" }),
  execution_count: Schema.Number.annotate({ description: "runs of the model" }),
  inference_stats: Schema.Struct({
    success: DurationStatistics,
    fail: DurationStatistics,
    queue: DurationStatistics,
    compute_input: DurationStatistics,
    compute_infer: DurationStatistics,
    compute_output: DurationStatistics
  }),
  batch_stats: Schema.Array(
    Schema.Struct({ batch_size: Schema.Number, compute_infer: DurationStatistics })
  )
})

/** `GET /v2/models[/{name}[/versions/{version}]]/stats` */
export const Statistics = Schema.Struct({ model_stats: Schema.Array(ModelStatistics) })
