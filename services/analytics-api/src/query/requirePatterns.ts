import type { Pattern } from "@analytics/analytics-core/query/Query"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Effect } from "effect"
import type { QueryRepo } from "./QueryRepo.ts"

/** Refuses the first pattern that the store cannot compile. */
export const requirePatterns = Effect.fnUntraced(function* (
  { isPattern }: Pick<QueryRepo["Service"], "isPattern">,
  patterns: ReadonlyArray<Pattern>
) {
  for (const { pointer, pattern } of patterns)
    if (!(yield* isPattern(pattern)))
      return yield* QueryInvalid.at(pointer, "Expected an RE2 pattern")
})
