import type { CountedStretch, CountedTrends } from "./countedTrends.ts"
import { hiding, type IsShown } from "./floor/trendsFloor.ts"

/**
 * A trend with null where a number must not be shown.
 *
 * @param shownIn what of all that is shown together may be shown in these buckets
 */
export const shownTrends = (
  trends: CountedTrends,
  shownIn: (stretch: CountedStretch) => IsShown,
  withOther: boolean
) => {
  const shown = (stretch: CountedStretch) => ({
    buckets: stretch.buckets,
    labels: stretch.labels,
    series: hiding(stretch, shownIn(stretch)).filter(({ other }) => withOther || !other)
  })
  const { compare } = trends
  const main = shown(trends)
  return compare === undefined ? main : { ...main, compare: shown(compare) }
}
