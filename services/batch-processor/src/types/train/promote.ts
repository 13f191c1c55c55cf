import { Effect, Option, Schema } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed } from "../../jobs/JobType.ts"
import { ModelsClient } from "../models/ModelsClient.ts"
import { championLoss } from "./championLoss.ts"
import type { Plan } from "./planTrain.ts"
import { verdict } from "./promotion.ts"
import type { Payload } from "./TrainPayload.ts"
import type { TrainReport } from "./trainer/TrainReport.ts"

const DEFAULT_MARGIN = 0.005
/** Champions that another training sets meanwhile. */
const MOST_ROUNDS = 5

export const Promoted = Schema.Struct({
  promoted: Schema.Boolean,
  reason: Schema.String,
  champion: Schema.NullOr(Schema.Int).annotate({
    description: "The version that was champion before"
  }),
  championLogLoss: Schema.NullOr(Schema.Number).annotate({
    description: "Of that version, on the same holdout"
  })
})
export type Promoted = typeof Promoted.Type

interface Asked {
  readonly projectId: number
  readonly payload: Payload
  readonly plan: Plan
  readonly version: number
  readonly report: TrainReport
}

/**
 * Makes a version the champion if it is better than the present one on the same holdout.
 * Compared and set: when the champion changes meanwhile, it is compared with the new one.
 */
export const promote = Effect.fn("Train.promote")(function* (asked: Asked) {
  const { payload, projectId, version } = asked
  const client = yield* ModelsClient
  const kept = (yield* JobRun).checkpoint("promotion", Promoted)
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const model = yield* client.model(projectId, payload.model)
    const champion = model?.aliases.champion
    if (champion === version)
      // An attempt that did not live to say so, or somebody by hand.
      return Option.getOrElse(yield* kept.read, () => byHand)
    const judged = yield* judge(asked, champion)
    if (!judged.promoted) return judged
    // Kept before it is done: who finds it done later still knows why.
    yield* kept.save(judged)
    const isSet = yield* client.setChampion(
      projectId,
      payload.model,
      version,
      champion ?? null
    )
    if (isSet) return judged
  }
  return yield* new JobFailed({
    detail: `The champion of ${payload.model} changed ${MOST_ROUNDS} times while version ${version} was compared with it. The version is there: promote it by hand, or retry.`
  })
})

const byHand: Promoted = {
  promoted: true,
  reason: "Somebody made it the champion meanwhile.",
  champion: null,
  championLogLoss: null
}

const FLATTERED =
  "But the champion learnt from a part of this holdout, so that its log loss is lower than it will be: a `holdout` of newer cuts alone compares them fairly."

const judge = Effect.fnUntraced(function* (asked: Asked, champion: number | undefined) {
  const { payload, report } = asked
  const judged: Promoted = {
    promoted: false,
    reason: "It was asked not to be promoted.",
    champion: champion ?? null,
    championLogLoss: null
  }
  if (payload.promote === "never") return judged
  const compared =
    champion === undefined ? undefined : yield* championLoss(asked, champion)
  if (typeof compared === "string") return { ...judged, reason: compared }
  const { chosen, holdout } = report
  const { isBetter, reason } = verdict(
    {
      candidate: holdout[chosen].logLoss,
      baseRate: holdout.baseRate.logLoss,
      logistic: holdout.logistic.logLoss,
      champion: compared?.loss
    },
    payload.margin ?? DEFAULT_MARGIN
  )
  return {
    ...judged,
    promoted: isBetter,
    reason: compared?.isFlattered && !isBetter ? `${reason} ${FLATTERED}` : reason,
    championLogLoss: compared?.loss ?? null
  }
})
