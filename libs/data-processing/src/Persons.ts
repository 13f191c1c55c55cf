import { compareLinks, countsAt, type Link } from "./Identity.ts"

/** From `knownAt` on, `id` stands for `person`. */
export interface PersonChange {
  readonly id: string
  readonly person: bigint
  readonly knownAt: number
}

/**
 * Who every id of `links` is, given all of them at once. Ids are tied by each anonymous
 * id's earliest claim and by every alias; later claims by another user weld nobody. The
 * answer does not depend on the order of `links`.
 *
 * @param hash `id_hash` of an id
 */
export const personsOf = (
  links: ReadonlyArray<Link>,
  hash: (id: string) => bigint
): Map<string, bigint> => {
  const parents = new Map<string, string>()
  const claims = earliestClaims(links)
  for (const link of claims.values()) union(parents, link.from, link.to)
  for (const link of links)
    if (link.kind === "alias") union(parents, link.from, link.to)

  const free = new Map<string, bigint>()
  const any = new Map<string, bigint>()
  for (const id of parents.keys()) {
    const root = find(parents, id)
    const own = hash(id)
    keepSmaller(any, root, own)
    if (!claims.has(id)) keepSmaller(free, root, own)
  }
  const persons = new Map<string, bigint>()
  for (const link of links)
    for (const id of [link.from, link.to]) {
      const root = find(parents, id)
      // An id that only a claim without effect names stands for itself.
      persons.set(id, free.get(root) ?? any.get(root) ?? hash(id))
    }
  return persons
}

/**
 * What changes from `since` on, step by step, one step for each `knownAt` of a link and
 * each `undoneAt`.
 *
 * @param links every link of the components concerned, of any time
 * @param isNew whether no earlier call took this link into account; if others lie at
 *   `since` or later, answers were written without the new ones, and all are given anew
 */
export const personChanges = (
  links: ReadonlyArray<Link>,
  since: number,
  isNew: (link: Link) => boolean,
  hash: (id: string) => bigint
): ReadonlyArray<PersonChange> => {
  const steps = [...new Set(links.flatMap(instantsOf))]
    .filter((instant) => instant >= since)
    .sort((a, b) => a - b)
  const rewrite = links.some(
    (link) =>
      (link.knownAt >= since && !isNew(link)) ||
      (link.undoneAt !== undefined && link.undoneAt >= since)
  )
  const changes: Array<PersonChange> = []
  let before = personsOf(
    links.filter((link) => countsAt(link, since - 1)),
    hash
  )
  const everyone = new Set(links.flatMap((link) => [link.from, link.to]))
  for (const knownAt of steps) {
    const now = personsOf(
      links.filter((link) => countsAt(link, knownAt)),
      hash
    )
    for (const id of rewrite ? everyone : now.keys()) {
      const person = now.get(id) ?? hash(id)
      if (rewrite || person !== (before.get(id) ?? hash(id)))
        changes.push({ id, person, knownAt })
    }
    before = now
  }
  return changes
}

const instantsOf = ({ knownAt, undoneAt }: Link): ReadonlyArray<number> =>
  undoneAt === undefined ? [knownAt] : [knownAt, undoneAt]

/**
 * Which claims of one id a walk over the ledger must follow, to find all who are or were
 * tied to it from just before `since` on: the one that counted just before, and all
 * later ones, since rows may have been written while they counted, and those that count
 * again once an earlier one is undone. Older claims that count no more lead nowhere, else
 * one shared device would tie all its users into one huge walk.
 */
export const effectiveClaims = (
  claims: ReadonlyArray<Link>,
  since: number
): ReadonlyArray<Link> => {
  const undone = claims.flatMap(({ undoneAt }) =>
    undoneAt !== undefined && undoneAt >= since ? [undoneAt] : []
  )
  const followed = new Set(claims.filter((claim) => claim.knownAt >= since))
  for (const instant of [since - 1, ...undone]) {
    let best: Link | undefined
    for (const claim of claims)
      if (
        countsAt(claim, instant) &&
        (best === undefined || compareLinks(claim, best) < 0)
      )
        best = claim
    if (best !== undefined) followed.add(best)
  }
  return [...followed]
}

const earliestClaims = (links: ReadonlyArray<Link>): Map<string, Link> => {
  const earliest = new Map<string, Link>()
  for (const link of links) {
    if (link.kind !== "claim") continue
    const known = earliest.get(link.from)
    if (known === undefined || compareLinks(link, known) < 0)
      earliest.set(link.from, link)
  }
  return earliest
}

const find = (parents: Map<string, string>, id: string): string => {
  let root = id
  for (let parent = parents.get(root); parent !== undefined && parent !== root; ) {
    root = parent
    parent = parents.get(root)
  }
  for (let at = id; at !== root; ) {
    const next = parents.get(at) ?? root
    parents.set(at, root)
    at = next
  }
  return root
}

const union = (parents: Map<string, string>, a: string, b: string): void => {
  if (!parents.has(a)) parents.set(a, a)
  if (!parents.has(b)) parents.set(b, b)
  parents.set(find(parents, a), find(parents, b))
}

const keepSmaller = (map: Map<string, bigint>, key: string, value: bigint): void => {
  const known = map.get(key)
  if (known === undefined || value < known) map.set(key, value)
}
