import { Schema, SchemaTransformation } from "effect"

/** The driver delivers `bigint` columns as bigints; these fit a number. */
export const Whole = Schema.BigInt.pipe(
  Schema.decodeTo(
    Schema.Int,
    SchemaTransformation.transform({ decode: Number, encode: BigInt })
  )
)
