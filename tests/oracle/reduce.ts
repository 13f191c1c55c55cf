/**
 * Fewest items with which something still fails, by leaving out ever smaller parts.
 * At most `limit` attempts.
 */
export const reduced = async <A>(
  items: ReadonlyArray<A>,
  fails: (items: ReadonlyArray<A>) => Promise<boolean>,
  limit = 200
): Promise<ReadonlyArray<A>> => {
  let kept = items
  let size = Math.ceil(kept.length / 2)
  let attempts = 0
  while (size >= 1) {
    let shrunk = false
    for (let start = 0; start < kept.length && attempts < limit; ) {
      const rest = kept.toSpliced(start, size)
      attempts++
      if (rest.length > 0 && (await fails(rest))) {
        kept = rest
        shrunk = true
      } else start += size
    }
    if (attempts >= limit) return kept
    if (size > 1 || !shrunk) size = size === 1 ? 0 : Math.ceil(size / 2)
  }
  return kept
}
