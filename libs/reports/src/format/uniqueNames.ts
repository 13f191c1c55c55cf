/** Names of which no two are equal but for case: the second gets ` (2)`, within `limit`. */
export const uniqueNames = (
  names: ReadonlyArray<string>,
  limit: number
): ReadonlyArray<string> => {
  const taken = new Set<string>()
  return names.map((name) => {
    const base = cutWhole(name, limit)
    let unique = base
    for (let nth = 2; taken.has(unique.toLowerCase()); nth++) {
      const mark = ` (${nth})`
      unique = cutWhole(base, limit - mark.length) + mark
    }
    taken.add(unique.toLowerCase())
    return unique
  })
}

/** At most `limit` UTF-16 units, without half a character at the end. */
const cutWhole = (text: string, limit: number): string => {
  const cut = text.slice(0, limit)
  return (cut.isWellFormed() ? cut : cut.slice(0, -1)).trim()
}
