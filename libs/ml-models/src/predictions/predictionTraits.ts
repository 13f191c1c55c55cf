/** What a version said of somebody. */
export interface Predicted {
  readonly model: string
  readonly version: number
  readonly probability: number
  /** Percent of the people that were scored with it who have no higher probability. */
  readonly percentile?: number
  /** Epoch milliseconds. */
  readonly at: number
}

/**
 * What the message ids of predictions begin with, by where they come from: scorings of
 * everybody, or requests that were to be logged. Stored events have them: they stay.
 */
export const messageIdPrefix = {
  scored: "prediction-",
  online: "online-prediction-"
} as const

/** What a person is predicted is a trait: `predictions.<model>.probability`. */
export const traitOf = (model: string, field: string): string =>
  `predictions.${model.replaceAll(".", "\\.")}.${field}`

/** The traits of an `identify` call. */
export const predictionTraits = (predicted: Predicted) => {
  const { at, model, percentile, probability, version } = predicted
  return {
    predictions: {
      [model]: {
        probability: shown(probability),
        ...(percentile === undefined ? {} : { percentile }),
        version,
        at: new Date(at).toISOString()
      }
    }
  }
}

/** Six digits behind the point: what lies beyond is noise of the arithmetic. */
const shown = (probability: number): number => Math.round(probability * 1e6) / 1e6
