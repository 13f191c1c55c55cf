import { Schema } from "effect"
import { Alias } from "./ModelName.ts"

const Facts = Schema.Record(Schema.String, Schema.Json)
export type Facts = typeof Facts.Type

/** What of a model the jobs look at, as ml-inference answers it. */
export const ModelView = Schema.Struct({
  aliases: Schema.Struct({
    champion: Schema.optionalKey(Schema.Int),
    challenger: Schema.optionalKey(Schema.Int),
    shadow: Schema.optionalKey(Schema.Int)
  })
})
export type ModelView = typeof ModelView.Type

/** A version as it is listed. */
export const VersionSummary = Schema.Struct({ version: Schema.Int, lineage: Facts })
export type VersionSummary = typeof VersionSummary.Type

export const VersionPage = Schema.Struct({
  versions: Schema.Array(VersionSummary),
  nextCursor: Schema.optionalKey(Schema.NullOr(Schema.String))
})

export const VersionView = Schema.Struct({
  ...VersionSummary.fields,
  metrics: Facts,
  reference: Facts,
  quality: Schema.Array(Facts)
})
export type VersionView = typeof VersionView.Type

/** The body that makes a version. */
export interface NewVersion {
  /** SHA-256 of the file. */
  readonly artifact: string
  readonly golden: {
    readonly inputs: ReadonlyArray<Schema.Json>
    readonly outputs: ReadonlyArray<Schema.Json>
    readonly tolerance: number
  }
  readonly lineage: Facts
  readonly metrics: Facts
  readonly reference: Facts
}

/** Which version is asked for: by number, or by what it is for. */
export const VersionChoice = Schema.Union([
  Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
  Alias
])
export type VersionChoice = typeof VersionChoice.Type
