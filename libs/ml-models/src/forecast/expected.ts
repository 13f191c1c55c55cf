/** What may be left unexplained before it moves what is expected. */
const clipped = (error: number, limit: number): number =>
  Math.max(-limit, Math.min(limit, error))

/** Weights of the newest value in the level that are tried side by side. */
const levelWeights = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8] as const
/** Weight of the newest cycle in a season. */
const SEASON_WEIGHT = 0.15
/** How long an error is remembered when they are compared, in values. */
const MEMORY = 100
/** So many values in a row beyond the range on one side are a new level. */
const NEW_LEVEL = 3

interface Filter {
  readonly weight: number
  readonly seasons: ReadonlyArray<{
    readonly length: number
    readonly effect: Float64Array
    readonly seen: Uint16Array
  }>
  level: number
  /** Mean absolute error of late. */
  error: number
}

const makeFilter = (
  weight: number,
  first: number,
  lengths: ReadonlyArray<number>
): Filter => ({
  weight,
  level: first,
  error: 0,
  seasons: lengths.map((length) => ({
    length,
    effect: new Float64Array(length),
    seen: new Uint16Array(length)
  }))
})

const expectedOf = ({ level, seasons }: Filter, position: number): number =>
  seasons.reduce(
    (sum, { effect, length }) => sum + (effect[position % length] ?? 0),
    level
  )

const learn = (filter: Filter, position: number, error: number): void => {
  let left = error
  filter.level += filter.weight * left
  left *= 1 - filter.weight
  for (const { effect, length, seen } of filter.seasons) {
    const at = position % length
    const count = seen[at] ?? 0
    const step = Math.max(SEASON_WEIGHT, 1 / (count + 1)) * left
    effect[at] = (effect[at] ?? 0) + step
    seen[at] = Math.min(count + 1, 1000)
    left -= step
  }
}

export interface Expectation {
  /** What is expected at a position, from what was learnt before. */
  readonly at: (position: number) => number
  /** @param limit errors beyond it count as if they were it */
  readonly learn: (position: number, value: number, limit: number) => void
}

/**
 * Exponential smoothing of the level and of each season, with several weights side by side,
 * with the seasons and without; what has been best of late is believed. Values beyond the
 * limit hardly move it, unless several in a row say the same.
 */
export const expectation = (
  first: number,
  seasonLengths: ReadonlyArray<number>
): Expectation => {
  const kinds = seasonLengths.length === 0 ? [[]] : [[], seasonLengths]
  const filters = kinds.flatMap((lengths) =>
    levelWeights.map((weight) => makeFilter(weight, first, lengths))
  )
  let beyond: Array<number> = []
  const best = () =>
    filters.reduce((found, each) => (each.error < found.error ? each : found))
  return {
    at: (position) => expectedOf(best(), position),
    learn: (position, value, limit) => {
      const off = value - expectedOf(best(), position)
      const isBeyond = Math.abs(off) > limit
      const isSameSide = Math.sign(off) === Math.sign(beyond.at(-1) ?? off)
      beyond = isBeyond ? [...(isSameSide ? beyond : []), off] : []
      const isNewLevel = beyond.length >= NEW_LEVEL
      for (const filter of filters) {
        const error = value - expectedOf(filter, position)
        const counted = clipped(error, limit)
        filter.error += (Math.abs(counted) - filter.error) / MEMORY
        if (isNewLevel) filter.level += error
        else learn(filter, position, counted)
      }
      if (isNewLevel) beyond = []
    }
  }
}
