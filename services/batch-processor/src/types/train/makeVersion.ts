import { featuresHash } from "@analytics/ml-models/features/featureName"
import { Effect } from "effect"
import type { ModelReference } from "../models/ModelReference.ts"
import { ModelsClient } from "../models/ModelsClient.ts"
import type { Facts } from "../models/ModelViews.ts"
import type { Plan } from "./planTrain.ts"
import type { Payload } from "./TrainPayload.ts"
import type { Trained } from "./trainVersion.ts"

/** How far what is served may be from what the trainer's own arithmetic says. */
const TOLERANCE = 1e-5

/** Raised when the same rows and options may give another model. */
const TRAINER = 1

interface Asked {
  readonly jobId: string
  readonly projectId: number
  readonly payload: Payload
  readonly plan: Plan
  readonly trained: Trained
}

/**
 * The version that this job made, made now if an earlier attempt did not. It answers its
 * golden rows, or it is none.
 */
export const makeVersion = Effect.fn("Train.makeVersion")(function* (asked: Asked) {
  const { jobId, payload, projectId, trained } = asked
  const client = yield* ModelsClient
  const known = (yield* client.versions(projectId, payload.model)).find(
    ({ lineage }) => lineage["job"] === jobId
  )
  if (known !== undefined) return known.version
  const { artifact, report } = trained
  const { version } = yield* client.createVersion(projectId, payload.model, {
    artifact,
    golden: { ...report.golden, tolerance: TOLERANCE },
    lineage: lineageOf(asked),
    metrics: metricsOf(trained),
    reference: referenceOf(asked)
  })
  return version
})

/** The features stand in the reference: there is more room. */
const lineageOf = ({ jobId, payload, plan, trained }: Asked): Facts => ({
  job: jobId,
  trainer: TRAINER,
  runtime: `bun ${Bun.version}`,
  watermark: new Date(plan.watermark).toISOString(),
  cuts: plan.cuts.map((cut) => ({ at: new Date(cut.at).toISOString(), for: cut.for })),
  featuresHash: featuresHash(plan.features),
  rows: trained.report.rows,
  payload: json({ ...payload, features: undefined })
})

const metricsOf = ({ report }: Trained): Facts => ({
  chosen: report.chosen,
  ...report.holdout[report.chosen],
  holdout: report.holdout,
  validationLogLoss: report.validationLogLoss,
  trees: report.trees,
  calibration: report.calibration,
  lifts: report.lifts,
  importance: report.importance
})

const referenceOf = ({ payload, plan, trained }: Asked): Facts => {
  const reference: ModelReference = {
    features: plan.features,
    target: payload.target,
    population: payload.population ?? {},
    includeBots: payload.includeBots ?? false,
    drift: trained.report.reference
  }
  return {
    ...reference,
    features: json(plan.features),
    target: json(payload.target),
    population: json(reference.population)
  }
}

/** What was decoded from JSON is JSON. */
const json = (value: unknown): Facts[string] => JSON.parse(JSON.stringify(value))
