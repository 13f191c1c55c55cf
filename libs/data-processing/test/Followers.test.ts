import { describe, expect, it } from "bun:test"
import * as fc from "fast-check"
import { endingFree, followerChanges } from "../src/Followers.ts"
import type { Link } from "../src/Identity.ts"
import { type PersonChange, personChanges, personsOf } from "../src/Persons.ts"

const hash = (id: string): bigint => BigInt(Bun.hash.wyhash(id))

/** What the store holds: the newest row at or below an instant, later calls winning. */
class Rows {
  readonly #rows: Array<PersonChange & { version: number }> = []
  version = 0

  write(changes: ReadonlyArray<PersonChange>) {
    for (const change of changes) this.#rows.push({ ...change, version: this.version })
  }

  /** As `argMax(person, version)` for each `known_at`, oldest first. */
  told(id: string): ReadonlyArray<PersonChange> {
    const newest = new Map<number, PersonChange & { version: number }>()
    for (const row of this.#rows)
      if (row.id === id && row.version >= (newest.get(row.knownAt)?.version ?? 0))
        newest.set(row.knownAt, row)
    return [...newest.values()].sort((a, b) => a.knownAt - b.knownAt)
  }

  at(instant: number, id: string): bigint {
    const told = this.told(id).filter(({ knownAt }) => knownAt <= instant)
    return told.at(-1)?.person ?? hash(id)
  }
}

const targetsIn = (ledger: ReadonlyArray<Link>): Map<string, Set<string>> => {
  const targets = new Map<string, Set<string>>()
  for (const { from, to } of ledger)
    for (const id of [from, to]) if (!targets.has(id)) targets.set(id, new Set())
  for (const { kind, from, to } of ledger)
    if (kind === "claim") targets.get(from)?.add(to)
  return targets
}

/** As the ledger decides it. */
const followersIn = (added: ReadonlyArray<Link>, ledger: ReadonlyArray<Link>) => {
  const ending = endingFree(targetsIn(ledger))
  return added.filter(
    ({ kind, from, to }) =>
      kind === "claim" &&
      ledger.filter((other) => other.from === from || other.to === from).length === 1 &&
      ending.has(to)
  )
}

const few = fc.constantFrom("a", "b", "c", "d")
const some = fc.oneof(
  few,
  fc.constantFrom(..."klmnopqrstuvwxyz".split("")),
  fc.constantFrom(..."KLMNOPQRSTUVWXYZ".split(""))
)
const anyLinks = fc
  .array(
    fc.record({
      kind: fc.constantFrom("claim" as const, "claim" as const, "alias" as const),
      from: some,
      to: few,
      timestamp: fc.integer({ min: 1, max: 6 }),
      knownAt: fc.integer({ min: 1, max: 6 })
    }),
    { maxLength: 16 }
  )
  .map(
    (drafts): ReadonlyArray<Link> =>
      drafts
        .filter(({ from, to }) => from !== to)
        .map((draft, i) => ({ ...draft, messageId: `m${i}` }))
  )

describe("followerChanges", () => {
  it("says what the resolution of all links says, at every instant", () => {
    let followed = 0
    fc.assert(
      fc.property(anyLinks, fc.infiniteStream(fc.nat()), (links, random) => {
        const waiting = [...links]
        const rows = new Rows()
        const ledger: Array<Link> = []
        while (waiting.length > 0) {
          rows.version++
          const added = waiting.splice(0, 1 + ((random.next().value as number) % 4))
          ledger.push(...added)
          const followers = followersIn(added, ledger)
          followed += followers.length
          const others = added.filter((link) => !followers.includes(link))
          if (others.length > 0) {
            const since = Math.min(...others.map(({ knownAt }) => knownAt))
            rows.write(
              personChanges(ledger, since, (link) => added.includes(link), hash)
            )
          }
          rows.write(
            followers.flatMap((claim) =>
              followerChanges(claim, rows.told(claim.to), hash(claim.to))
            )
          )
        }
        const everyone = new Set(links.flatMap(({ from, to }) => [from, to]))
        for (let instant = 0; instant <= 7; instant++) {
          const expected = personsOf(
            links.filter(({ knownAt }) => knownAt <= instant),
            hash
          )
          for (const id of everyone)
            expect(rows.at(instant, id)).toBe(expected.get(id) ?? hash(id))
        }
      }),
      { numRuns: 2000 }
    )
    expect(followed).toBeGreaterThan(1000)
  })
})

describe("endingFree", () => {
  it("leaves out circles and what leads into them", () => {
    const targets = new Map([
      ["a", new Set(["b", "u"])],
      ["b", new Set<string>(["u"])],
      ["u", new Set<string>()],
      ["p", new Set(["q"])],
      ["q", new Set(["p", "u"])],
      ["x", new Set(["p"])]
    ])
    expect([...endingFree(targets)].sort()).toEqual(["a", "b", "u"])
  })
})
