import { Schema, SchemaTransformation } from "effect"

/** A part of a list, and where the next one begins. */
export interface Page<A, Cursor> {
  readonly items: ReadonlyArray<A>
  /** Of the last one, when there are more. */
  readonly nextCursor: Cursor | null
}

/** @param rows one more than `limit`, if there are so many */
export const pageOf = <A, Cursor>(
  rows: ReadonlyArray<A>,
  limit: number,
  cursorOf: (row: A) => Cursor
): Page<A, Cursor> => {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  const nextCursor = rows.length > limit && last !== undefined ? cursorOf(last) : null
  return { items, nextCursor }
}

/** Of a page, from the address. */
export const PageLimit = Schema.optionalKey(
  Schema.String.check(Schema.isPattern(/^\d{1,4}$/u)).pipe(
    Schema.decodeTo(
      Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
      SchemaTransformation.transform({ decode: Number, encode: String })
    )
  )
).annotate({ description: "Of a page: 1 to 100, which is the default" })

export const DEFAULT_PAGE = 100

export const cursorOf = <S extends Schema.Top>(cursor: S) =>
  Schema.optionalKey(cursor).annotate({ description: "nextCursor of the page before" })
