import { partsFor, trainingRows } from "@analytics/ml-models/features/featureRows"
import { evaluate } from "@analytics/ml-models/metrics/evaluate"
import { traitOf } from "@analytics/ml-models/predictions/predictionTraits"
import { Effect, Stream } from "effect"
import { JobFailed } from "../../jobs/JobType.ts"
import type { ModelReference } from "../models/ModelReference.ts"
import { rowBatches } from "../models/rowBatches.ts"
import { contextAt, peopleOf } from "../train/planTrain.ts"
import { withTraitChanges } from "../train/traitChanges.ts"
import { onlineRows } from "./onlineRows.ts"
import type { Moment } from "./predictedMoments.ts"

interface Asked {
  readonly projectId: number
  readonly watermark: number
  readonly model: string
  readonly reference: ModelReference
  readonly latenessHours: number
}

/** Predictions that are enough: those of more people say the same to the third digit. */
const MOST = 1_000_000

/**
 * What a version had said of everybody at a moment, and what came of it. Who was not told
 * again because little had changed counts with what was said before.
 */
export const measured = Effect.fn("ModelQuality.measure")(function* (
  asked: Asked,
  { at, online, version }: Moment
) {
  const statements = online
    ? [onlineRows({ ...asked, version, day: at, limit: MOST })]
    : yield* scoredRows(asked, at)
  const probabilities: Array<number> = []
  const labels: Array<number> = []
  // By people's numbers, which are as good as drawn by lot.
  for (const statement of statements) {
    if (labels.length >= MOST) break
    yield* rowBatches(statement, { features: 2, with: "label" }).pipe(
      Stream.runForEach((batch) =>
        Effect.sync(() => {
          const [said, by] = batch.columns
          for (let row = 0; row < batch.rows; row++) {
            const probability = said?.[row] ?? Number.NaN
            if (by?.[row] !== version || Number.isNaN(probability)) continue
            probabilities.push(probability)
            labels.push(batch.labels[row] ?? 0)
          }
        })
      )
    )
  }
  if (labels.length === 0) return undefined
  const {
    rows,
    positives,
    lifts: _,
    ...evaluation
  } = evaluate(Uint8Array.from(labels), Float64Array.from(probabilities))
  return { rows, positives, baseRate: positives / rows, ...evaluation }
})

const scoredRows = Effect.fnUntraced(function* (
  { latenessHours, model, projectId, reference, watermark }: Asked,
  at: number
) {
  const context = yield* withTraitChanges(contextAt(projectId, watermark))
  return yield* trainingRows(
    {
      features: ["probability", "version"].map((field) => ({
        kind: "trait_number",
        trait: traitOf(model, field)
      })),
      population: reference.population,
      includeBots: reference.includeBots,
      target: reference.target,
      // A cut sees what lies before it: what was said at that moment, and nothing later.
      cuts: [at + 1],
      latenessHours,
      parts: partsFor(yield* peopleOf(context))
    },
    context
  ).pipe(
    Effect.mapError(
      ({ errors }) =>
        new JobFailed({ detail: errors.map((it) => it.detail).join("; ") })
    )
  )
})
