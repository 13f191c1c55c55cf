import { Schema } from "effect"

/** A file as it was found: read again, it must be the same. */
export const FoundFile = Schema.Struct({
  at: Schema.Union([
    Schema.Struct({ kind: Schema.Literal("path"), path: Schema.String }),
    Schema.Struct({ kind: Schema.Literal("object"), key: Schema.String }),
    Schema.Struct({
      kind: Schema.Literal("s3"),
      bucket: Schema.String,
      key: Schema.String
    })
  ]),
  bytes: Schema.Int,
  /** hex, of the bytes as they are stored. */
  sha256: Schema.String,
  /** ISO 8601; what says that it did not change meanwhile. */
  modifiedAt: Schema.String,
  /** The first four bytes, as hex: gzip, zip and Parquet are told by them. */
  magic: Schema.String
})
export type FoundFile = typeof FoundFile.Type
