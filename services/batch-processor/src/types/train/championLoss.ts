import { Effect, Stream } from "effect"
import { inferred } from "../models/inferred.ts"
import { referenceOf } from "../models/ModelReference.ts"
import { ModelsClient } from "../models/ModelsClient.ts"
import { rowBatches } from "../models/rowBatches.ts"
import type { Plan } from "./planTrain.ts"
import { logLossOf } from "./promotion.ts"
import type { Payload } from "./TrainPayload.ts"
import { rowsAt } from "./trainVersion.ts"

interface Asked {
  readonly projectId: number
  readonly payload: Payload
  readonly plan: Plan
}

/**
 * The mean log loss of a version on the holdout, by the features that it was trained on; or
 * why it cannot be said.
 */
export const championLoss = Effect.fn("Train.championLoss")(function* (
  asked: Asked,
  champion: number
) {
  const { payload, plan, projectId } = asked
  const { model } = payload
  const client = yield* ModelsClient
  const reference = referenceOf(yield* client.version(projectId, model, champion))
  if (reference === undefined)
    return `The champion, version ${champion}, does not say what its features are, so that it cannot be compared. Promote by hand.`
  const { features } = reference
  const cuts = plan.cuts.filter((cut) => cut.for === "holdout").map(({ at }) => at)
  const judged = { loss: 0, rows: 0 }
  for (const statement of yield* rowsAt(asked, cuts, features))
    yield* rowBatches(statement, { features: features.length, with: "label" }).pipe(
      Stream.runForEach((batch) =>
        Effect.map(
          inferred({ model, projectId, version: champion }, batch),
          (probabilities) => {
            probabilities.forEach((probability, row) => {
              judged.loss += logLossOf(probability, batch.labels[row] ?? 0)
            })
            judged.rows += batch.rows
          }
        )
      )
    )
  return judged.rows === 0 ? "The holdout is empty." : judged.loss / judged.rows
})
