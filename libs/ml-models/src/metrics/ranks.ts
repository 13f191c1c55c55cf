/** Rows by rising score. NaN last. */
export const risingOrder = (scores: Float64Array): Uint32Array => {
  const order = new Uint32Array(scores.length)
  for (let row = 0; row < order.length; row++) order[row] = row
  return order.sort((a, b) => compare(scores[a] ?? 0, scores[b] ?? 0))
}

const compare = (a: number, b: number): number => {
  const difference = a - b
  return Number.isNaN(difference)
    ? Number(Number.isNaN(a)) - Number(Number.isNaN(b))
    : difference
}

/** Rank of each score, from 1; equal scores share the mean of their ranks. */
export const midranks = (
  scores: Float64Array,
  order = risingOrder(scores)
): Float64Array => {
  const ranks = new Float64Array(scores.length)
  let from = 0
  while (from < order.length) {
    const score = scores[order[from] ?? 0]
    let to = from + 1
    while (to < order.length && scores[order[to] ?? 0] === score) to++
    for (let index = from; index < to; index++)
      ranks[order[index] ?? 0] = (from + to + 1) / 2
    from = to
  }
  return ranks
}
