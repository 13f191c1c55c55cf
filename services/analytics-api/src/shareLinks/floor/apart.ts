/**
 * Which of these numbers of people may be shown together: at least `floor` of them, and as
 * many between any two, whichever lies within the other. Larger ones come first.
 */
export const apart = (
  counts: ReadonlyArray<number>,
  floor: number
): ReadonlyArray<boolean> => {
  const shown: Array<number> = []
  const places = counts
    .map((count, index) => ({ count, index }))
    .sort((one, other) => other.count - one.count || one.index - other.index)
    .filter(({ count }) => {
      const last = shown.at(-1)
      const isShown = count >= floor && (last === undefined || last - count >= floor)
      if (isShown) shown.push(count)
      return isShown
    })
  const indexes = new Set(places.map(({ index }) => index))
  return counts.map((_, index) => indexes.has(index))
}

/** The values where they are shown, null elsewhere. */
export const where = <A>(
  values: ReadonlyArray<A>,
  shown: ReadonlyArray<boolean>
): ReadonlyArray<A | null> =>
  values.map((value, index) => (shown[index] ? value : null))
