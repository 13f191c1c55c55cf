import { Schema } from "effect"

/** What the trainer is asked: `request.json` in its folder. */
export const TrainRequest = Schema.Struct({
  /** Names, in the order of the columns. */
  features: Schema.Array(Schema.String),
  files: Schema.Array(
    Schema.Struct({
      path: Schema.String,
      for: Schema.Literals(["train", "validation", "holdout", "people"])
    })
  ),
  seed: Schema.Int,
  /** Of the trees, where they are not to be as they are by default. */
  trees: Schema.Record(Schema.String, Schema.Number)
})
export type TrainRequest = typeof TrainRequest.Type

export const REQUEST = "request.json"
export const REPORT = "report.json"
export const MODEL = "model.onnx"
