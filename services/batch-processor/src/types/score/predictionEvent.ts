import { createHash } from "node:crypto"
import {
  messageIdPrefix,
  predictionTraits
} from "@analytics/ml-models/predictions/predictionTraits"

/** What a version says of a person. */
export interface Prediction {
  /** One of the person's ids: exactly one of these is not empty. */
  readonly userId: string
  readonly anonymousId: string
  readonly person: bigint
  readonly probability: number
  /** Percent of the people that were scored with it who have no higher probability. */
  readonly percentile: number
}

export interface ScoredBy {
  readonly model: string
  readonly version: number
  /** Epoch milliseconds; everything before it was known. */
  readonly at: number
}

/** The same person on the same day, by the same version: the same message. */
export const messageIdOf = (
  { at, model, version }: ScoredBy,
  person: bigint
): string => {
  const day = new Date(at).toISOString().slice(0, 10)
  const key = JSON.stringify([model, version, String(person), day])
  return `${messageIdPrefix.scored}${createHash("sha256").update(key).digest("hex").slice(0, 40)}`
}

/** The `identify` call, as JSON. One id alone links nobody with anybody. */
export const predictionEvent = (scored: ScoredBy, prediction: Prediction): string => {
  const { anonymousId, percentile, person, probability, userId } = prediction
  return JSON.stringify({
    type: "identify",
    messageId: messageIdOf(scored, person),
    ...(userId === "" ? { anonymousId } : { userId }),
    timestamp: new Date(scored.at).toISOString(),
    traits: predictionTraits({ ...scored, percentile, probability })
  })
}

/**
 * Percent (one digit behind the point) of sorted values that are not above `value`, which
 * is one of them.
 */
export const percentileIn = (sorted: Float32Array, value: number): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) <= value) low = middle + 1
    else high = middle
  }
  return Math.round((low / sorted.length) * 1000) / 10
}
