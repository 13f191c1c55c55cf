import { Population } from "@analytics/ml-models/features/Population"
import { Schema } from "effect"
import { ModelName } from "../models/ModelName.ts"
import { VersionChoice } from "../models/ModelViews.ts"

export const Payload = Schema.Struct({
  model: ModelName,
  version: Schema.optionalKey(VersionChoice).annotate({
    description:
      "Its number, or `champion`, `challenger`, `shadow`; the champion without it"
  }),
  population: Schema.optionalKey(Population).annotate({
    description: "Who is scored; without it whom the version was trained for"
  }),
  minChange: Schema.optionalKey(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
  ).annotate({
    description:
      "People whose probability differs by less from what this version said of them last are not told again; everybody is told without it"
  })
}).annotate({ examples: [{ model: "buys-again", minChange: 0.02 }] })
export type Payload = typeof Payload.Type

const Count = Schema.Int

/** What became of the people of a scoring. */
export const Counts = Schema.Struct({
  people: Count.annotate({ description: "Who were scored" }),
  unchanged: Count.annotate({ description: "Of them, who were not told again" }),
  sent: Count.annotate({
    description: "Of them, whose prediction was taken, new or as it was already"
  }),
  rejected: Count
})
export type Counts = typeof Counts.Type
