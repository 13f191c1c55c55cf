import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Effect, Schema } from "effect"
import { askService } from "../askService.ts"

const Forgotten = Schema.Struct({
  examples: Schema.Int,
  names: Schema.Int,
  answers: Schema.Int
})

/** Example values are taken anew, and kept answers of queries go. */
export const forgetCatalogue = Effect.fn("Removal.forgetCatalogue")(function* (
  projectId: number
) {
  const { analyticsApiUrl } = yield* ServicesConfig
  return yield* askService(
    "POST",
    `${analyticsApiUrl}/internal/v1/catalogue/forget`,
    Forgotten,
    { projectId }
  )
})
