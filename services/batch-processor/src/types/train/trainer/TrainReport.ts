import { Schema } from "effect"

/** How well probabilities foretold labels. null: it cannot be said of these rows. */
export const Metrics = Schema.Struct({
  auc: Schema.NullOr(Schema.Number),
  logLoss: Schema.Number,
  brier: Schema.Number
})
export type Metrics = typeof Metrics.Type

const Rows = Schema.Struct({ rows: Schema.Int, positives: Schema.Int })

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
      description: "The rate of the training rows, for everybody"
    })
  }),
  validationLogLoss: Schema.Struct({ trees: Schema.Number, logistic: Schema.Number }),
  trees: Schema.Int,
  importance: Schema.Array(
    Schema.Struct({ feature: Schema.String, share: Schema.Number })
  ).annotate({ description: "Largest first; shares of what all features explain" }),
  /** What drift is measured against. */
  reference: Schema.Record(Schema.String, Schema.Json),
  golden: Schema.Struct({
    inputs: Schema.Array(Schema.Json),
    outputs: Schema.Array(Schema.Json)
  })
})
export type TrainReport = typeof TrainReport.Type
