/**
 * Whether arrays and objects lie more than `limit` deep inside each other. Looks level by
 * level, because what nests too deep for a schema also nests too deep for recursion.
 */
export const nestsDeeperThan = (value: unknown, limit: number): boolean => {
  let level = membersOf(value)
  for (let depth = 0; depth < limit && level.length > 0; depth++)
    level = level.flatMap(membersOf)
  return level.length > 0
}

const membersOf = (value: unknown): ReadonlyArray<unknown> =>
  typeof value === "object" && value !== null ? Object.values(value) : []
