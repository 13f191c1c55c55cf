import type { Link } from "./Identity.ts"
import type { PersonChange } from "./Persons.ts"

/**
 * The ids from which claims lead to nobody's id in the end, and never in a circle. The
 * person of such an id is named by an id that no claim gives away, at every instant.
 *
 * @param targets to whom claims give each id, whenever they counted; every id reached
 *   has an entry
 */
export const endingFree = (
  targets: ReadonlyMap<string, ReadonlySet<string>>
): ReadonlySet<string> => {
  const sources = new Map<string, Array<string>>()
  const open = new Map<string, number>()
  const ending: Array<string> = []
  for (const [id, to] of targets) {
    open.set(id, to.size)
    if (to.size === 0) ending.push(id)
    for (const target of to) {
      const known = sources.get(target)
      if (known === undefined) sources.set(target, [id])
      else known.push(id)
    }
  }
  for (const id of ending)
    for (const source of sources.get(id) ?? []) {
      const left = (open.get(source) ?? 0) - 1
      open.set(source, left)
      if (left === 0) ending.push(source)
    }
  return new Set(ending)
}

/**
 * What a claim changes whose `from` is in no other link, when `to` is `endingFree`: it
 * follows `to`. A claimed id never names a person that has a free one, so nobody else
 * changes, however many links the person has.
 *
 * @param ofTo who `to` was told to be and since when, oldest first
 * @param own `id_hash` of `to`, its person as long as nothing else was told
 */
export const followerChanges = (
  claim: Link,
  ofTo: ReadonlyArray<Pick<PersonChange, "person" | "knownAt">>,
  own: bigint
): ReadonlyArray<PersonChange> => {
  const id = claim.from
  let person = own
  const later: Array<PersonChange> = []
  for (const change of ofTo)
    if (change.knownAt <= claim.knownAt) person = change.person
    else later.push({ id, person: change.person, knownAt: change.knownAt })
  return [{ id, person, knownAt: claim.knownAt }, ...later]
}
