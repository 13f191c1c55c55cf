import { join } from "node:path"
import type { FeatureSpec } from "@analytics/ml-models/features/FeatureSpec"
import { scoringRows } from "@analytics/ml-models/features/featureRows"
import type { RowBatch } from "@analytics/ml-models/features/RowReader"
import { traitOf } from "@analytics/ml-models/predictions/predictionTraits"
import { Effect, Stream } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed } from "../../jobs/JobType.ts"
import { inferred } from "../models/inferred.ts"
import { rowBatches } from "../models/rowBatches.ts"
import { served } from "../models/served.ts"
import { contextAt } from "../train/planTrain.ts"
import { withTraitChanges } from "../train/traitChanges.ts"
import { noRoom } from "../train/workFolder.ts"
import type { DriftMeter } from "./DriftMeter.ts"
import type { Plan } from "./planScore.ts"
import type { Payload } from "./ScorePayload.ts"
import { type Scored, Scores } from "./Scores.ts"

interface Asked {
  readonly projectId: number
  readonly payload: Payload
  readonly plan: Plan
}

/** Batches that are asked about at once. */
const AT_ONCE = 2

/** What was said of a person last: two columns behind the features. */
const before = (model: string): ReadonlyArray<FeatureSpec> =>
  ["probability", "version"].map((field) => ({
    kind: "trait_number",
    trait: traitOf(model, field),
    name: `last prediction: ${field}`
  }))

/** Scores everybody, in the order of their numbers, into a file of `folder`. */
export const scorePeople = Effect.fn("Score.people")(function* (
  { payload, plan, projectId }: Asked,
  folder: string,
  drift: DriftMeter
) {
  const { progress } = yield* JobRun
  const { model } = payload
  const width = plan.features.length
  const comparesWith = payload.minChange
  const features = [
    ...plan.features,
    ...(comparesWith === undefined ? [] : before(model))
  ]
  const statements = yield* scoringRows(
    {
      features,
      population: plan.population,
      includeBots: plan.includeBots,
      parts: plan.parts
    },
    yield* withTraitChanges(contextAt(projectId, plan.watermark))
  ).pipe(
    Effect.mapError(
      ({ errors }) =>
        new JobFailed({
          detail: errors.map((it) => `${it.pointer}: ${it.detail}`).join("; ")
        })
    )
  )
  const scores = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => Scores.create(join(folder, "scores")),
      catch: noRoom
    }),
    (opened) => Effect.promise(() => opened.close())
  )

  const version = { projectId, model, version: plan.version }
  const load = yield* served(version)
  const scored = Effect.fnUntraced(function* (batch: RowBatch) {
    const columns = batch.columns.slice(0, width)
    const probabilities = yield* inferred(
      { ...version, load },
      { columns, rows: batch.rows }
    )
    drift.add(columns, probabilities, batch.rows)
    return batch.ids.map((id, row): Scored => {
      const probability = probabilities[row] ?? Number.NaN
      const last = batch.columns[width]?.[row] ?? Number.NaN
      const lastVersion = batch.columns[width + 1]?.[row]
      const isNew =
        comparesWith === undefined ||
        lastVersion !== plan.version ||
        !(Math.abs(probability - last) < comparesWith)
      return { ...id, person: batch.people[row] ?? 0n, probability, isNew }
    })
  })

  for (const statement of statements)
    yield* rowBatches(statement, { features: features.length, with: "ids" }).pipe(
      Stream.mapEffect(scored, { concurrency: AT_ONCE }),
      Stream.runForEach((people) =>
        Effect.tryPromise({ try: () => scores.add(people), catch: noRoom }).pipe(
          Effect.andThen(
            progress({
              done: scores.people,
              total: Math.max(plan.people, scores.people),
              unit: "people scored"
            })
          )
        )
      )
    )
  return scores
})
