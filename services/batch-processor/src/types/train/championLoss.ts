import { canonical } from "@analytics/ml-models/features/canonical"
import { Effect, Option, Schema, Stream } from "effect"
import { inferred } from "../models/inferred.ts"
import { referenceOf } from "../models/ModelReference.ts"
import { ModelsClient } from "../models/ModelsClient.ts"
import type { VersionView } from "../models/ModelViews.ts"
import { rowBatches } from "../models/rowBatches.ts"
import { served } from "../models/served.ts"
import type { Plan } from "./planTrain.ts"
import { logLossOf } from "./promotion.ts"
import type { Payload } from "./TrainPayload.ts"
import { rowsAt } from "./trainVersion.ts"

interface Asked {
  readonly projectId: number
  readonly payload: Payload
  readonly plan: Plan
}

const DAY = 86_400_000

export interface ChampionLoss {
  /** Mean log loss on the holdout. */
  readonly loss: number
  /** Whether some of the holdout was learnt from: then the loss is lower than it should be. */
  readonly isFlattered: boolean
}

/**
 * How a version does on the holdout, by the features that it was trained on; or why it cannot
 * be said.
 */
export const championLoss = Effect.fn("Train.championLoss")(function* (
  asked: Asked,
  champion: number
) {
  const { payload, plan, projectId } = asked
  const { model } = payload
  const client = yield* ModelsClient
  const version = yield* client.version(projectId, model, champion)
  const reference = referenceOf(version)
  if (reference === undefined)
    return `The champion, version ${champion}, does not say what its features are, so that it cannot be compared. Promote by hand.`
  const { features, target } = reference
  if (meaningOf(target) !== meaningOf(payload.target))
    return `The champion, version ${champion}, foretells something else, so that it cannot be compared, and whoever asks for ${model} would be told of another target. Promote by hand if that is wanted, or give the model another name.`
  const cuts = plan.cuts.filter((cut) => cut.for === "holdout").map(({ at }) => at)
  const judged = { loss: 0, rows: 0 }
  const load = yield* served({ projectId, model, version: champion })
  for (const statement of yield* rowsAt(asked, cuts, features))
    yield* rowBatches(statement, { features: features.length, with: "label" }).pipe(
      Stream.runForEach((batch) =>
        Effect.map(
          inferred({ model, projectId, version: champion, load }, batch),
          (probabilities) => {
            probabilities.forEach((probability, row) => {
              judged.loss += logLossOf(probability, batch.labels[row] ?? 0)
            })
            judged.rows += batch.rows
          }
        )
      )
    )
  if (judged.rows === 0) return "The holdout is empty."
  const known: ChampionLoss = {
    loss: judged.loss / judged.rows,
    isFlattered: lastLearnt(version) + target.days * DAY > Math.min(...cuts)
  }
  return known
}, Effect.scoped)

const meaningOf = (target: Payload["target"]): string =>
  canonical({ outcome: "does", ...target })

const Cuts = Schema.Array(Schema.Struct({ at: Schema.String, for: Schema.String }))
const decodeCuts = Schema.decodeUnknownOption(Cuts)

/** The newest cut that a version was made by, judging aside, in epoch milliseconds. */
const lastLearnt = ({ lineage }: VersionView): number =>
  Option.getOrElse(decodeCuts(lineage["cuts"]), () => [])
    .filter((cut) => cut.for !== "holdout")
    .reduce((last, cut) => Math.max(last, Date.parse(cut.at)), Number.NEGATIVE_INFINITY)
