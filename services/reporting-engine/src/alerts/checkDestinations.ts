import { Effect } from "effect"
import type { DestinationRepo } from "../destinations/DestinationRepo.ts"
import { AlertInvalid } from "./AlertProblems.ts"

/**
 * Refuses destinations that the project does not have: an alert that reaches nobody would
 * be silent when it matters.
 */
export const checkDestinations = Effect.fn("Alert.checkDestinations")(function* (
  projectId: number,
  ids: ReadonlyArray<string>,
  existing: DestinationRepo["Service"]["existing"]
) {
  if (ids.length === 0) return
  const known = yield* existing(projectId, ids)
  const errors = ids.flatMap((id, at) =>
    known.has(id)
      ? []
      : [
          {
            pointer: `/destinations/${at}`,
            detail: "There is no such destination; `GET /v1/destinations` lists them"
          }
        ]
  )
  if (errors.length > 0)
    return yield* new AlertInvalid({
      detail: "It names destinations that are not there.",
      errors
    })
})
