import { fromTypedArray, numbersOf } from "@analytics/inference-protocol/TensorValues"
import type { RowBatch } from "@analytics/ml-models/features/RowReader"
import { Effect, Schedule } from "effect"
import { JobFailed } from "../../jobs/JobType.ts"
import type { Failure } from "./askModels.ts"
import { ModelsClient } from "./ModelsClient.ts"

/** Rows of one request. */
const ROWS = 1024

/** Names in the files that trainings make. */
const INPUT = "features"
const PROBABILITY = "probability"

/** Loads of a version that is not there; another instance hears of each a second later. */
const MOST_LOADS = 5

interface Asked<R> {
  readonly projectId: number
  readonly model: string
  readonly version: number
  /** Done when it is not there (`served`). */
  readonly load: Effect.Effect<void, Failure, R>
}

/** The probability of each row, by a version that a training made. */
export const inferred = Effect.fnUntraced(function* <R>(
  { load, model, projectId, version }: Asked<R>,
  { columns, rows }: Pick<RowBatch, "columns" | "rows">
) {
  const client = yield* ModelsClient
  const probabilities = new Float32Array(rows)
  for (let from = 0; from < rows; from += ROWS) {
    const count = Math.min(ROWS, rows - from)
    const cells = new Float32Array(count * columns.length)
    columns.forEach((column, index) => {
      for (let row = 0; row < count; row++)
        cells[row * columns.length + index] = column[from + row] ?? Number.NaN
    })
    const input = fromTypedArray(INPUT, [count, columns.length], cells)
    const outputs = yield* client
      .infer(projectId, model, version, [input], PROBABILITY)
      .pipe(
        Effect.tapError(({ _tag }) => (_tag === "NotServed" ? load : Effect.void)),
        Effect.retry({
          while: ({ _tag }) => _tag === "NotServed",
          times: MOST_LOADS,
          schedule: Schedule.spaced("500 millis")
        }),
        Effect.catchTag("NotServed", ({ detail }) =>
          Effect.fail(new JobFailed({ detail: `It cannot be loaded: ${detail}` }))
        )
      )
    const found = outputs.find(({ name }) => name === PROBABILITY)
    const values = found === undefined ? [] : numbersOf(found)
    if (values.length !== count)
      return yield* new JobFailed({
        detail: `Version ${version} of ${model} has no output \`${PROBABILITY}\` with one number a row: it is none that a training made.`
      })
    probabilities.set(values, from)
  }
  return probabilities
})
