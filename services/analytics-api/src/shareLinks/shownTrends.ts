import type { CountedStretch, CountedTrends } from "./countedTrends.ts"
import { hiding, keptApart } from "./floor/trendsFloor.ts"

/**
 * A trend with null where a number must not be shown.
 *
 * @param beside all trends of the same buckets that are shown together, itself included
 */
export const shownTrends = (
  trends: CountedTrends,
  beside: ReadonlyArray<CountedTrends>,
  floor: number,
  withOther: boolean
) => {
  const shown = (stretch: CountedStretch, all: ReadonlyArray<CountedStretch>) => {
    const isApart = keptApart(
      all.flatMap(({ counted }) => counted),
      floor
    )
    return {
      buckets: stretch.buckets,
      labels: stretch.labels,
      series: hiding(stretch, isApart).filter(({ other }) => withOther || !other)
    }
  }
  const { compare } = trends
  const main = shown(trends, beside)
  if (compare === undefined) return main
  const earlier = beside.flatMap((other) => other.compare ?? [])
  return { ...main, compare: shown(compare, earlier) }
}
