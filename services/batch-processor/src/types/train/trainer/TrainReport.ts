import { Schema } from "effect"

/** How well probabilities foretold the labels of rows that were not trained on. */
export const Metrics = Schema.Struct({
  auc: Schema.NullOr(
    Schema.Struct({
      value: Schema.Number,
      error: Schema.Number,
      low: Schema.Number,
      high: Schema.Number
    })
  ).annotate({ description: "With its 95 % interval" }),
  logLoss: Schema.Number,
  brier: Schema.Number,
  averagePrecision: Schema.NullOr(Schema.Number),
  calibrationError: Schema.Number
})
export type Metrics = typeof Metrics.Type

const Rows = Schema.Struct({ rows: Schema.Int, positives: Schema.Int })

export const Histogram = Schema.Struct({
  edges: Schema.Array(Schema.Number),
  counts: Schema.Array(Schema.Int),
  missing: Schema.Int
})

/** What drift is measured against: how it was in the rows of the holdout. */
export const DriftReference = Schema.Struct({
  features: Schema.Array(Schema.Struct({ name: Schema.String, histogram: Histogram })),
  score: Histogram
})
export type DriftReference = typeof DriftReference.Type

/** What the trainer found: `report.json` in its folder, beside the model. */
export const TrainReport = Schema.Struct({
  chosen: Schema.Literals(["trees", "logistic"]).annotate({
    description: "Whichever had the lower log loss on the validation rows"
  }),
  rows: Schema.Struct({ train: Rows, validation: Rows, holdout: Rows }),
  holdout: Schema.Struct({
    trees: Metrics,
    logistic: Metrics,
    baseRate: Metrics.annotate({
      description: "The rate of the training rows, told to everybody"
    })
  }),
  validationLogLoss: Schema.Struct({ trees: Schema.Number, logistic: Schema.Number }),
  trees: Schema.Int,
  /** Of the chosen one, on the holdout. */
  calibration: Schema.Json,
  lifts: Schema.Json,
  importance: Schema.Array(
    Schema.Struct({ feature: Schema.String, share: Schema.Number })
  ).annotate({
    description:
      "What of the AUC goes when a feature is shuffled, as shares; largest first"
  }),
  reference: DriftReference,
  golden: Schema.Struct({
    inputs: Schema.Array(Schema.Json),
    outputs: Schema.Array(Schema.Json)
  })
})
export type TrainReport = typeof TrainReport.Type
