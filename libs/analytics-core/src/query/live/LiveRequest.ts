import { Schema } from "effect"
import { Filters } from "../Filter.ts"

/** Which arriving events somebody watches. */
export const LiveRequest = Schema.Struct({
  event: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1))).annotate({
    description: "A stored event name; without it every track, page and screen"
  }),
  filters: Schema.optionalKey(Filters),
  includeBots: Schema.optionalKey(Schema.Boolean)
})
export type LiveRequest = typeof LiveRequest.Type
