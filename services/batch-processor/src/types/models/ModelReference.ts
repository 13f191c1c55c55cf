import { Features, Target } from "@analytics/ml-models/features/FeatureSpec"
import { Population } from "@analytics/ml-models/features/Population"
import { Option, Schema } from "effect"
import { DriftReference } from "../train/trainer/TrainReport.ts"
import type { VersionView } from "./ModelViews.ts"

/**
 * What `reference` of a version says that a training made: all that scoring, drift and
 * quality need of it.
 */
export const ModelReference = Schema.Struct({
  features: Features,
  target: Target,
  population: Population,
  includeBots: Schema.Boolean,
  drift: DriftReference
})
export type ModelReference = typeof ModelReference.Type

const decode = Schema.decodeUnknownOption(ModelReference)

/** undefined: a version that no training of this installation made. */
export const referenceOf = ({ reference }: VersionView): ModelReference | undefined =>
  Option.getOrUndefined(decode(reference))
