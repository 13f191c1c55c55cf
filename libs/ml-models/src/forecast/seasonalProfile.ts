/** What each position of a season adds, without what is only noise; sums to about 0. */
const profileOf = (values: Float64Array, season: number): Float64Array => {
  const sums = new Float64Array(season)
  const squares = new Float64Array(season)
  const counts = new Float64Array(season)
  const half = Math.floor(season / 2)
  const ends = season % 2 === 0 ? 0.5 : 1
  let sum = 0
  for (let index = 0; index < season; index++) sum += values[index] ?? 0
  if (season % 2 === 0) sum += (values[season] ?? 0) * ends - (values[0] ?? 0) * ends
  for (let middle = half; middle + half < values.length; middle++) {
    const off = (values[middle] ?? 0) - sum / season
    const position = middle % season
    sums[position] = (sums[position] ?? 0) + off
    squares[position] = (squares[position] ?? 0) + off * off
    counts[position] = (counts[position] ?? 0) + 1
    // The window moves on by one, its ends counting half where the season is even.
    const left = middle - half
    const right = middle + half + 1
    sum +=
      season % 2 === 0
        ? ((values[right] ?? 0) + (values[right - 1] ?? 0) - (values[left] ?? 0)) / 2 -
          (values[left + 1] ?? 0) / 2
        : (values[right] ?? 0) - (values[left] ?? 0)
  }
  const means = sums.map((each, index) => each / Math.max(counts[index] ?? 0, 1))
  const centre = means.reduce((total, each) => total + each, 0) / season
  const profile = means.map((each) => each - centre)
  return shrunk(season > SMOOTH_FROM ? smoothed(profile) : profile, {
    means,
    squares,
    counts
  })
}

/** Day of the year, minute of the day: neighbours differ little and are known badly. */
const SMOOTH_FROM = 200

const smoothed = (profile: Float64Array): Float64Array => {
  const reach = Math.floor(profile.length / 48)
  return profile.map((_, index) => {
    let sum = 0
    for (let off = -reach; off <= reach; off++)
      sum += profile[(index + off + profile.length) % profile.length] ?? 0
    return sum / (2 * reach + 1)
  })
}

interface Moments {
  readonly means: Float64Array
  readonly squares: Float64Array
  readonly counts: Float64Array
}

/** Towards nothing by the share of the profile's size that chance alone would give it. */
const shrunk = (
  profile: Float64Array,
  { counts, means, squares }: Moments
): Float64Array => {
  let noise = 0
  let all = 0
  let size = 0
  means.forEach((mean, index) => {
    const count = counts[index] ?? 0
    noise += Math.max(0, (squares[index] ?? 0) - count * mean * mean)
    all += count
    size += (profile[index] ?? 0) ** 2
  })
  const length = profile.length
  const freedom = all - length
  if (size === 0 || freedom <= 0) return profile.map(() => 0)
  const expected = (noise / freedom) * (length / (all / length))
  const kept = Math.max(0, 1 - expected / size)
  return profile.map((each) => each * kept)
}

export interface Deseasonalised {
  readonly values: Float64Array
  /** What the seasons add at a position, counted from the start of the values. */
  readonly seasonAt: (position: number) => number
}

/** Takes the seasons out, the shortest first, each from what the others left. */
export const deseasonalised = (
  values: Float64Array,
  seasons: ReadonlyArray<number>
): Deseasonalised => {
  const profiles: Array<Float64Array> = []
  let left = values
  for (const season of seasons) {
    if (left.length < 2 * season + 1) continue
    const profile = profileOf(left, season)
    profiles.push(profile)
    left = left.map((value, index) => value - (profile[index % season] ?? 0))
  }
  return {
    values: left,
    seasonAt: (position) =>
      profiles.reduce(
        (sum, profile) => sum + (profile[position % profile.length] ?? 0),
        0
      )
  }
}
