import { datatypes } from "@analytics/inference-protocol/Tensor"
import { Effect, Schema } from "effect"
import type { Golden } from "./DesiredModels.ts"

const StoredTensor = Schema.Struct({
  name: Schema.String,
  datatype: Schema.Literals(datatypes),
  shape: Schema.Array(Schema.Int),
  bytes: Schema.Uint8ArrayFromBase64
})
const StoredGolden = Schema.fromJsonString(
  Schema.Struct({
    inputs: Schema.Array(StoredTensor),
    outputs: Schema.Array(StoredTensor),
    tolerance: Schema.Finite
  })
)

/** Where the golden rows of a version are. */
export const goldenKey = (versionId: string): string =>
  `models/golden/${versionId}.json`

/** Where a file is, for whoever has it. */
export const artifactKey = (sha256: string): string => `models/${sha256}.onnx`

/** Golden rows as an object; no digit is lost. */
export const encodeGolden = (golden: Golden): Effect.Effect<Uint8Array> =>
  Schema.encodeEffect(StoredGolden)(golden).pipe(
    Effect.map((text) => new TextEncoder().encode(text)),
    Effect.orDie
  )

export const decodeGolden = (
  bytes: Uint8Array
): Effect.Effect<Golden, Schema.SchemaError> =>
  Schema.decodeUnknownEffect(StoredGolden)(new TextDecoder().decode(bytes))
