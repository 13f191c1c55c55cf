import { Schema } from "effect"

/** What the trainer says on its standard output, one JSON a line. */
export const TrainerLine = Schema.Union([
  Schema.TaggedStruct("progress", {
    /** What it does. */
    stage: Schema.String,
    done: Schema.Number,
    total: Schema.Number
  }),
  /** The files are written. */
  Schema.TaggedStruct("done", {}),
  /** It cannot be done, however often it is tried. */
  Schema.TaggedStruct("failed", { detail: Schema.String })
])
export type TrainerLine = typeof TrainerLine.Type

export const TrainerLines = Schema.fromJsonString(TrainerLine)
