/**
 * Probabilities this close to 0 or 1 count as that far from it, so that no loss is
 * endless.
 */
const CLOSEST = 1e-15

/**
 * Mean of −log of the probability that was given to what came. Undefined without rows.
 */
export const logLossOf = (
  labels: Uint8Array,
  probabilities: Float64Array
): number | undefined =>
  meanOver(labels, probabilities, (label, probability) => {
    const own = label === 1 ? probability : 1 - probability
    return -Math.log(Math.max(CLOSEST, own))
  })

/** Mean squared distance of probability and label. Undefined without rows. */
export const brierOf = (
  labels: Uint8Array,
  probabilities: Float64Array
): number | undefined =>
  meanOver(labels, probabilities, (label, probability) => (probability - label) ** 2)

const meanOver = (
  labels: Uint8Array,
  probabilities: Float64Array,
  loss: (label: number, probability: number) => number
): number | undefined => {
  let sum = 0
  for (let row = 0; row < labels.length; row++)
    sum += loss(labels[row] ?? 0, probabilities[row] ?? 0)
  return labels.length === 0 ? undefined : sum / labels.length
}
