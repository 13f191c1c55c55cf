import { datatypes } from "@analytics/inference-protocol/Tensor"
import { Inspection } from "@analytics/ml-models/onnx/Inspection"
import { Schema, Struct } from "effect"
import { AliasName, Instant, VersionNumber } from "./Model.ts"

export const Sha256 = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{64}$/u, {
    message: "must be a SHA-256 as 64 hex digits"
  })
)

const Facts = Schema.Record(Schema.String, Schema.Json)

export const TensorSpecs = Schema.Array(
  Schema.Struct({
    name: Schema.String,
    datatype: Schema.Literals(datatypes),
    shape: Schema.Array(Schema.Int).annotate({ description: "-1: of any size" })
  })
)
export const SignatureOfVersion = Schema.Struct({
  inputs: TensorSpecs,
  outputs: TensorSpecs
})

/** How requests are joined, and what the process may take; what is missing has a default. */
export const BatchingSettings = Schema.Struct({
  maxRows: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_536 })),
  window: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1000 })).annotate(
    {
      description: "Milliseconds to wait for company while nothing runs; 0: never"
    }
  ),
  queueRows: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))
})
export const LimitSettings = Schema.Struct({
  memory: Schema.Int.check(
    Schema.isBetween({ minimum: 64 * 1024 * 1024, maximum: 2 ** 40 })
  ).annotate({ description: "Bytes of data segment" }),
  loadTime: Schema.Int.check(
    Schema.isBetween({ minimum: 1, maximum: 600_000 })
  ).annotate({ description: "Milliseconds" }),
  runTime: Schema.Int.check(
    Schema.isBetween({ minimum: 1, maximum: 600_000 })
  ).annotate({ description: "Milliseconds of one run" })
})
const Instances = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 64 }))

/** What the version was asked for; stored whole, so that defaults of later do not change it. */
export const VersionSettings = Schema.Struct({
  batching: BatchingSettings,
  limits: LimitSettings,
  instances: Instances
})
export type VersionSettings = typeof VersionSettings.Type

export const NewVersion = Schema.Struct({
  artifact: Sha256.annotate({ description: "Of a file that was sent before" }),
  golden: Schema.optionalKey(
    Schema.Struct({
      inputs: Schema.NonEmptyArray(Schema.Json),
      outputs: Schema.NonEmptyArray(Schema.Json),
      tolerance: Schema.optionalKey(
        Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
      )
    })
  ).annotate({
    description:
      "Tensors as the Open Inference Protocol writes them in JSON, and what the model answers to them. The version is ready only when it does."
  }),
  batching: Schema.optionalKey(
    BatchingSettings.mapFields(Struct.map(Schema.optionalKey))
  ),
  limits: Schema.optionalKey(LimitSettings.mapFields(Struct.map(Schema.optionalKey))),
  instances: Schema.optionalKey(Instances),
  lineage: Schema.optionalKey(Facts),
  metrics: Schema.optionalKey(Facts),
  reference: Schema.optionalKey(Facts)
})
export type NewVersion = typeof NewVersion.Type

/** When, and whatever was measured. */
export const Measurement = Schema.StructWithRest(
  Schema.Struct({
    at: Schema.String.check(
      Schema.isPattern(
        /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/u,
        { message: "must be an instant, as 2026-01-31T00:00:00Z" }
      )
    )
  }),
  [Schema.Record(Schema.String, Schema.Json)]
)

/** One immutable version, as it is listed. */
export const VersionSummary = Schema.Struct({
  model: Schema.String,
  version: VersionNumber,
  id: Schema.String,
  sha256: Sha256,
  bytes: Schema.Int,
  signature: SignatureOfVersion,
  hasGolden: Schema.Boolean,
  tolerance: Schema.Finite,
  settings: VersionSettings,
  lineage: Facts,
  metrics: Facts,
  aliases: Schema.Array(AliasName),
  loaded: Schema.Boolean.annotate({ description: "Ready even without an alias" }),
  createdBy: Schema.String,
  createdAt: Instant
})
export type VersionSummary = typeof VersionSummary.Type

export const Version = Schema.Struct({
  ...VersionSummary.fields,
  inspection: Inspection.annotate({ description: "What the file says of itself" }),
  reference: Facts,
  quality: Schema.Array(Facts).annotate({
    description:
      "Measured since, newest first; the newest 100 of each `kind`, 300 in all"
  })
})
export type Version = typeof Version.Type
