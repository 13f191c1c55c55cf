import { Result } from "effect"
import type { Dataset, Features } from "./Dataset.ts"
import { UnusableDataset } from "./UnusableDataset.ts"

type Reason = UnusableDataset["reason"]

const refused = (reason: Reason, detail: string) =>
  Result.fail(new UnusableDataset({ reason, detail }))

const ok: Result.Result<void, UnusableDataset> = Result.succeed(undefined)

/**
 * Whether a model can be made of it: both labels, finite or missing values, one length.
 */
export const checkDataset = (dataset: Dataset): Result.Result<void, UnusableDataset> =>
  Result.gen(function* () {
    yield* checkFeatures(dataset)
    yield* checkLabels(dataset)
    yield* checkWeights(dataset)
  })

const checkFeatures = (features: Features): Result.Result<void, UnusableDataset> => {
  const { names, columns, rows } = features
  if (rows < 1 || !Number.isInteger(rows))
    return refused("no-rows", "There are no rows: widen the population or the time.")
  if (names.length === 0)
    return refused("no-features", "There are no features: name at least one.")
  if (names.length !== columns.length)
    return refused("shape", `${names.length} names for ${columns.length} columns.`)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    return refused("names", `Two features are named ${twice}: rename one.`)
  for (const [index, column] of columns.entries()) {
    const name = names[index] ?? ""
    if (column.length !== rows)
      return refused("shape", `${name} has ${column.length} values for ${rows} rows.`)
    if (hasInfinity(column))
      return refused(
        "infinite",
        `${name} holds an infinite value: clip it to 32-bit floats or make it missing.`
      )
  }
  return ok
}

const hasInfinity = (column: Float32Array): boolean => {
  for (let row = 0; row < column.length; row++) {
    const value = column[row] ?? 0
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
      return true
  }
  return false
}

const checkLabels = ({
  labels,
  rows
}: Dataset): Result.Result<void, UnusableDataset> => {
  if (labels.length !== rows)
    return refused("shape", `${labels.length} labels for ${rows} rows.`)
  let ones = 0
  for (let row = 0; row < rows; row++) {
    const label = labels[row] ?? 0
    if (label > 1) return refused("label", `Label ${label} in row ${row}: 0 or 1.`)
    ones += label
  }
  return ones > 0 && ones < rows
    ? ok
    : refused(
        "one-class",
        `All ${rows} labels are ${ones > 0 ? 1 : 0}: nothing tells rows apart. Choose ` +
          "another target, population or time."
      )
}

const checkWeights = ({
  weights,
  rows
}: Dataset): Result.Result<void, UnusableDataset> => {
  if (weights === undefined) return ok
  if (weights.length !== rows)
    return refused("shape", `${weights.length} weights for ${rows} rows.`)
  const bad = weights.findIndex((weight) => !(weight > 0 && weight < 1e12))
  return bad < 0
    ? ok
    : refused("weight", `Weight ${weights[bad]} in row ${bad}: above 0, below 1e12.`)
}
