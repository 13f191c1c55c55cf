import { Schema } from "effect"

/**
 * Why a run is not to go on, other than by its own success or failure.
 * - `cancelled`: somebody asked for it.
 * - `parked`: it cannot go on by itself.
 * - `lost`: the engine cannot go on with it; another run takes over from its checkpoints.
 * - `fenced`: it is another runner's, so nothing is written any more.
 */
export const Stop = Schema.Union([
  Schema.TaggedStruct("cancelled", {}),
  Schema.TaggedStruct("parked", { title: Schema.String, detail: Schema.String }),
  Schema.TaggedStruct("lost", {}),
  Schema.TaggedStruct("fenced", {})
])
export type Stop = typeof Stop.Type

export const parked = (title: string, detail: string): Stop => ({
  _tag: "parked",
  title,
  detail
})

export const cancelled: Stop = { _tag: "cancelled" }
export const fenced: Stop = { _tag: "fenced" }
export const lost: Stop = { _tag: "lost" }

/** A step that ended because its run stops; kept, so that a replay stops as well. */
export class StepStopped extends Schema.TaggedError<StepStopped>()("StepStopped", {
  stop: Stop
}) {}
