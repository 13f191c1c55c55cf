import { Schema } from "effect"

/** Whether a part of a path can name something that is kept. */
export const isId = Schema.is(Schema.String.check(Schema.isUUID()))

/** A cursor that is none begins at the beginning. */
export const idOrNone = (text: string | undefined): string | undefined =>
  text !== undefined && isId(text) ? text : undefined
