import { Schema } from "effect"
import { ModelName } from "../models/ModelName.ts"

export const Payload = Schema.Struct({
  model: ModelName,
  days: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3660 }))
  ).annotate({
    description:
      "How far back the end of a target window may lie; 30 without it. What was measured before is not measured again"
  }),
  latenessHours: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 24 * 30 }))
  ).annotate({
    description: "How late events may come; target windows ended so long ago. 24"
  })
}).annotate({ examples: [{ model: "buys-again" }] })
export type Payload = typeof Payload.Type
