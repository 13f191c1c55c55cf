import { Instant } from "@analytics/analytics-core/query/Common"
import { Days, Features, Target } from "@analytics/ml-models/features/FeatureSpec"
import { Known, Population } from "@analytics/ml-models/features/Population"
import { Schema } from "effect"
import { ModelName } from "../models/ModelName.ts"

const between = (minimum: number, maximum: number) =>
  Schema.Finite.check(Schema.isBetween({ minimum, maximum }))
const whole = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Cuts = Schema.Struct({
  count: Schema.optionalKey(whole(2, 24)).annotate({
    description:
      "Moments to learn from, at most; those before the project's first event are left out. 6 without it"
  }),
  everyDays: Schema.optionalKey(Days).annotate({
    description:
      "Days between two of them; without it the target's days, so that no label is shared"
  }),
  until: Schema.optionalKey(Instant).annotate({
    description:
      "Where the data ends; without it the last activity. History that ended long ago needs nothing here"
  })
})

const Trees = Schema.Struct({
  trees: Schema.optionalKey(whole(1, 2000)),
  learningRate: Schema.optionalKey(between(0.001, 1)),
  leaves: Schema.optionalKey(whole(2, 255)),
  depth: Schema.optionalKey(whole(1, 16)),
  l2: Schema.optionalKey(between(0, 1e6)),
  minChildWeight: Schema.optionalKey(between(0, 1e6)),
  rowShare: Schema.optionalKey(between(0.01, 1)),
  columnShare: Schema.optionalKey(between(0.01, 1))
})

export const Payload = Schema.Struct({
  model: ModelName,
  target: Target.annotate({
    description: "What is foretold: whether a person does it in so many days"
  }),
  features: Schema.optionalKey(Features).annotate({
    description: "Without them a set is made from the events of the project"
  }),
  population: Schema.optionalKey(Population).annotate({
    description: "Who is looked at; without it whoever did anything in 90 days"
  }),
  includeBots: Schema.optionalKey(Schema.Boolean),
  cuts: Schema.optionalKey(Cuts),
  holdout: Schema.optionalKey(whole(1, 6)).annotate({
    description:
      "How many of the newest cuts are only judged by; nothing that overlaps their target windows is learnt from. 1 without it"
  }),
  known: Schema.optionalKey(Known).annotate({
    description:
      "What of the past counts as known at a cut: `now` takes in what came late, as imported history needs it"
  }),
  latenessHours: Schema.optionalKey(whole(0, 24 * 30)).annotate({
    description: "How late events may come; target windows ended so long ago. 24"
  }),
  sample: Schema.optionalKey(
    Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThanOrEqualTo(1))
  ).annotate({ description: "The share of people to learn from; 1 without it" }),
  trees: Schema.optionalKey(Trees),
  promote: Schema.optionalKey(Schema.Literals(["if_better", "never"])).annotate({
    description:
      "Whether the version becomes `champion` when it is better than the present one on the same holdout, and than the baselines"
  }),
  margin: Schema.optionalKey(between(0, 0.5)).annotate({
    description:
      "By what share the log loss must be lower than the champion's; 0.005 without it"
  }),
  seed: Schema.optionalKey(whole(0, 2 ** 31 - 1))
}).annotate({
  examples: [
    {
      model: "buys-again",
      target: { event: "Order Completed", days: 30 },
      population: { did: { event: "Order Completed", days: 180 } }
    }
  ]
})
export type Payload = typeof Payload.Type
