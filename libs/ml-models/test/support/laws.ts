import type { Dataset } from "../../src/train/Dataset.ts"
import { sigmoid } from "../../src/train/predict.ts"
import { makeRandom } from "../../src/train/Random.ts"

/** Rows whose labels were drawn with a probability that is known. */
export interface Drawn extends Dataset {
  /** The true probability of each row: no model ranks better. */
  readonly truth: Float64Array
}

/** Two normal numbers from two even ones, one of them used: Box–Muller. */
export const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

const draw = (
  rows: number,
  features: number,
  seed: number,
  fill: (row: Float32Array, random: () => number) => number
): Drawn => {
  const random = makeRandom(seed)
  const columns = Array.from({ length: features }, () => new Float32Array(rows))
  const labels = new Uint8Array(rows)
  const truth = new Float64Array(rows)
  const values = new Float32Array(features)
  for (let row = 0; row < rows; row++) {
    const probability = sigmoid(fill(values, random))
    for (const [index, column] of columns.entries()) column[row] = values[index] ?? 0
    truth[row] = probability
    labels[row] = random() < probability ? 1 : 0
  }
  const names = columns.map((_, index) => `f${index}`)
  return { names, columns, rows, labels, truth }
}

/**
 * 20 features as behaviour has them: counts, skewed amounts, days since, shares, plain
 * noise; thresholds, an interaction, a bend, and a missing value that says something.
 */
export const nonlinearLaw = (rows: number, seed: number): Drawn =>
  draw(rows, 20, seed, (x, random) => {
    for (let index = 0; index < 20; index++)
      x[index] =
        index < 8
          ? normal(random)
          : index < 12
            ? Math.floor(Math.exp(normal(random) + 0.5))
            : index < 16
              ? Math.exp(1.5 * normal(random))
              : random()
    if (random() < 0.2) x[5] = Number.NaN
    if (random() < 0.1) x[12] = Number.NaN
    const at = (index: number) => x[index] ?? 0
    return (
      -2.4 +
      1.1 * Math.sin(1.7 * at(0)) +
      1.0 * at(1) * at(2) +
      0.7 * Math.abs(at(3)) +
      (at(4) > 0.5 ? 0.9 : -0.3) +
      (Number.isNaN(at(5)) ? 1.2 : 0.2 * at(5)) +
      0.5 * at(6) +
      (at(7) > 0 && at(8) >= 3 ? 0.8 : 0) +
      0.4 * Math.log1p(at(9)) +
      (at(12) > 2 ? 0.6 : 0) +
      (at(16) > 0.8 ? -0.7 : 0)
    )
  })

/**
 * Eight normal features, six of them with a weight: what logistic regression is made
 * for.
 */
export const linearLaw = (rows: number, seed: number): Drawn =>
  draw(rows, 8, seed, (x, random) => {
    for (let index = 0; index < 8; index++) x[index] = normal(random)
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = x
    return -1 + 0.9 * a - 0.7 * b + 0.5 * c - 0.4 * d + 0.3 * e + 0.2 * f
  })
