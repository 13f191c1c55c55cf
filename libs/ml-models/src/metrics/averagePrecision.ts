import { risingOrder } from "./ranks.ts"

/**
 * Area under the precision-recall curve by steps: the mean precision at each row
 * labelled 1, from the highest score down, equal scores taken together. Undefined
 * without such a row.
 */
export const averagePrecisionOf = (
  labels: Uint8Array,
  scores: Float64Array
): number | undefined => {
  const order = risingOrder(scores)
  let sum = 0
  let ones = 0
  let index = order.length - 1
  while (index >= 0) {
    const score = scores[order[index] ?? 0]
    let own = 0
    do own += labels[order[index--] ?? 0] ?? 0
    while (index >= 0 && scores[order[index] ?? 0] === score)
    ones += own
    sum += (own * ones) / (order.length - 1 - index)
  }
  return ones === 0 ? undefined : sum / ones
}
