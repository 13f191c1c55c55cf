import { Effect, Layer } from "effect"
import { CohortRefreshRepo } from "../../src/cohorts/refresh/CohortRefreshRepo.ts"

const unasked = () => Effect.die("no refresh was expected")

/** For tests whose cohorts are never materialised. */
export const noRefreshes = Layer.succeed(CohortRefreshRepo, {
  begin: unasked,
  beat: unasked,
  finish: unasked,
  fail: unasked,
  retire: unasked,
  retireAll: unasked,
  leftovers: unasked,
  swept: unasked,
  ids: unasked,
  usable: () => Effect.succeed([])
})
