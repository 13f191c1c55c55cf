import { Features } from "@analytics/ml-models/features/FeatureSpec"
import { partsFor } from "@analytics/ml-models/features/featureRows"
import { Population } from "@analytics/ml-models/features/Population"
import { Effect, Option, Schema } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed } from "../../jobs/JobType.ts"
import { WatermarkClient } from "../export/WatermarkClient.ts"
import { referenceOf } from "../models/ModelReference.ts"
import { ModelsClient } from "../models/ModelsClient.ts"
import { contextAt, peopleOf } from "../train/planTrain.ts"
import { DriftReference } from "../train/trainer/TrainReport.ts"
import type { Payload } from "./ScorePayload.ts"

/** What a scoring does, the same in every run of its job. */
export const Plan = Schema.Struct({
  /** Epoch milliseconds: everything known by then, and nothing else. */
  watermark: Schema.Int,
  version: Schema.Int,
  features: Features,
  population: Population,
  includeBots: Schema.Boolean,
  /** About how many people there are. */
  people: Schema.Int,
  parts: Schema.Int,
  drift: DriftReference
})
export type Plan = typeof Plan.Type

/** Plans once, and keeps it for all runs of the job. */
export const planScore = Effect.fn("Score.plan")(function* (
  projectId: number,
  payload: Payload
) {
  const kept = (yield* JobRun).checkpoint("plan", Plan)
  const known = yield* kept.read
  if (Option.isSome(known)) return known.value
  const watermark = yield* (yield* WatermarkClient).current
  const version = yield* chosenVersion(projectId, payload)
  const found = yield* (yield* ModelsClient).version(projectId, payload.model, version)
  const reference = referenceOf(found)
  if (reference === undefined)
    return yield* new JobFailed({
      detail: `Version ${version} of ${payload.model} does not say what its features are: only what the job type \`train\` made can be scored.`
    })
  const { drift, features, includeBots, population } = reference
  const people = yield* peopleOf(contextAt(projectId, watermark))
  const plan: Plan = {
    watermark,
    version,
    features,
    population: payload.population ?? population,
    includeBots,
    people,
    parts: partsFor(people),
    drift
  }
  yield* kept.save(plan)
  return plan
})

const chosenVersion = Effect.fnUntraced(function* (
  projectId: number,
  { model, version = "champion" }: Payload
) {
  if (typeof version === "number") return version
  const found = yield* (yield* ModelsClient).model(projectId, model)
  if (found === undefined)
    return yield* new JobFailed({
      detail: `There is no model ${model}. The job type \`train\` makes one.`
    })
  const named = found.aliases[version]
  if (named === undefined)
    return yield* new JobFailed({
      detail: `No version of ${model} is its ${version}: name one by number, or promote one (PUT /v1/models/${model}/aliases/${version}).`
    })
  return named
})
