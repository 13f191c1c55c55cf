import { Schema, SchemaTransformation } from "effect"
import { ProjectId } from "../projects/Project.ts"
import { Key } from "./Key.ts"

/** The driver delivers `bigint` columns as bigints; ids and revisions fit a number. */
export const fromBigint = <S extends Schema.Codec<number, number>>(to: S) =>
  Schema.BigInt.pipe(
    Schema.decodeTo(
      to,
      SchemaTransformation.transform({ decode: Number, encode: BigInt })
    )
  )

export const ProjectIdColumn = fromBigint(ProjectId)
export const RevisionColumn = fromBigint(Schema.Int)
export const InstantColumn = Schema.DateTimeUtcFromDate

/** A row of `control.keys` as the driver delivers it. */
export const KeyRow = Schema.Struct({
  ...Key.fields,
  projectId: ProjectIdColumn,
  createdAt: InstantColumn,
  expiresAt: Schema.NullOr(InstantColumn),
  revokedAt: Schema.NullOr(InstantColumn),
  lastUsedAt: Schema.NullOr(InstantColumn)
})
