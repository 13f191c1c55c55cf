import { trainingRows } from "@analytics/ml-models/features/featureRows"
import { evaluate } from "@analytics/ml-models/metrics/evaluate"
import { Effect, Stream } from "effect"
import { JobFailed } from "../../jobs/JobType.ts"
import type { ModelReference } from "../models/ModelReference.ts"
import { rowBatches } from "../models/rowBatches.ts"
import { traitOf } from "../score/predictionEvent.ts"
import { contextAt } from "../train/planTrain.ts"
import type { Moment } from "./predictedMoments.ts"

interface Asked {
  readonly projectId: number
  readonly watermark: number
  readonly model: string
  readonly reference: ModelReference
  readonly latenessHours: number
}

/** People whose predictions are held at once: nine bytes each. */
const MOST = 20_000_000

/**
 * What a version had said of everybody at a moment, and what came of it. Who was not told
 * again because little had changed counts with what was said before.
 */
export const measured = Effect.fn("ModelQuality.measure")(function* (
  { latenessHours, model, projectId, reference, watermark }: Asked,
  { at, version }: Moment
) {
  const statements = yield* trainingRows(
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
      latenessHours
    },
    contextAt(projectId, watermark)
  ).pipe(
    Effect.mapError(
      ({ errors }) =>
        new JobFailed({ detail: errors.map((it) => it.detail).join("; ") })
    )
  )
  const probabilities: Array<number> = []
  const labels: Array<number> = []
  for (const statement of statements)
    yield* rowBatches(statement, { features: 2, with: "label" }).pipe(
      Stream.runForEach((batch) => {
        const [said, by] = batch.columns
        for (let row = 0; row < batch.rows; row++) {
          const probability = said?.[row] ?? Number.NaN
          if (by?.[row] !== version || Number.isNaN(probability)) continue
          probabilities.push(probability)
          labels.push(batch.labels[row] ?? 0)
        }
        return probabilities.length > MOST
          ? Effect.fail(new JobFailed({ detail: "There are too many predictions." }))
          : Effect.void
      })
    )
  if (labels.length === 0) return undefined
  const {
    rows,
    positives,
    lifts: _,
    ...evaluation
  } = evaluate(Uint8Array.from(labels), Float64Array.from(probabilities))
  return { rows, positives, baseRate: positives / rows, ...evaluation }
})
