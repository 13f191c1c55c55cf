/**
 * First and second derivatives of the log loss of each row by its log odds, side by
 * side. They are rounded to multiples of 2⁻²⁴ of the largest weight: then sums of up to
 * 2²⁸ rows are exact in any order, so neither the order of rows nor whether a histogram
 * was subtracted or summed can change a tree.
 */
export const writeGradients = (
  into: Float32Array,
  logOdds: Float64Array,
  labels: Uint8Array,
  weights: Float32Array | undefined,
  largest: number
): void => {
  // Adding and taking away 1.5 · 2⁵² steps rounds to a whole number of steps.
  const rounding = 1.5 * 2 ** 52 * 2 ** (Math.ceil(Math.log2(largest)) - 24)
  for (let row = 0; row < logOdds.length; row++) {
    const probability = 1 / (1 + Math.exp(-(logOdds[row] ?? 0)))
    const weight = weights === undefined ? 1 : (weights[row] ?? 1)
    const first = weight * (probability - (labels[row] ?? 0))
    const second = weight * probability * (1 - probability)
    into[row * 2] = first + rounding - rounding
    into[row * 2 + 1] = second + rounding - rounding
  }
}
