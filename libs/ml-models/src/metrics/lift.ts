import { risingOrder } from "./ranks.ts"

/** What is found among the rows with the highest scores. */
export interface Lift {
  /** Of all rows, above 0 to 1. */
  readonly share: number
  readonly rows: number
  /** Share of labels 1 among them. */
  readonly rate: number
  /** `rate` over the share of labels 1 among all: how many times better than chance. */
  readonly lift: number
  /** Share of all labels 1 that are among them (cumulative gain). */
  readonly captured: number
}

/**
 * Lift of the top `shares` of rows; of equal scores at the border all get the mean of
 * their labels. Empty without rows labelled 1.
 */
export const liftsOf = (
  labels: Uint8Array,
  scores: Float64Array,
  shares: ReadonlyArray<number> = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5]
): ReadonlyArray<Lift> => {
  const order = risingOrder(scores).reverse()
  const found = cumulated(labels, scores, order)
  const all = found[order.length] ?? 0
  if (all === 0) return []
  return shares.map((share) => {
    const rows = Math.min(order.length, Math.max(1, Math.round(share * order.length)))
    const ones = found[rows] ?? 0
    const rate = ones / rows
    return {
      share,
      rows,
      rate,
      lift: rate / (all / order.length),
      captured: ones / all
    }
  })
}

/** Labels 1 among the first n rows, for each n. */
const cumulated = (
  labels: Uint8Array,
  scores: Float64Array,
  order: Uint32Array
): Float64Array => {
  const found = new Float64Array(order.length + 1)
  let from = 0
  while (from < order.length) {
    const score = scores[order[from] ?? 0]
    let to = from
    let ones = 0
    do ones += labels[order[to++] ?? 0] ?? 0
    while (to < order.length && scores[order[to] ?? 0] === score)
    for (let index = from; index < to; index++)
      found[index + 1] = (found[from] ?? 0) + (ones * (index + 1 - from)) / (to - from)
    from = to
  }
  return found
}
