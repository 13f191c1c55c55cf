import { describe, expect, it } from "bun:test"
import * as fc from "fast-check"
import { countsAt, type Link } from "../src/Identity.ts"
import { effectiveClaims, personChanges, personsOf } from "../src/Persons.ts"

/** An order of its own, so that no test relies on that of the names. */
const hash = (id: string): bigint => BigInt(Bun.hash.wyhash(id))

const claim = (
  from: string,
  to: string,
  timestamp: number,
  knownAt = timestamp
): Link => ({
  kind: "claim",
  from,
  to,
  timestamp,
  messageId: `${from}>${to}@${timestamp}`,
  knownAt
})
const alias = (
  from: string,
  to: string,
  timestamp: number,
  knownAt = timestamp
): Link => ({
  ...claim(from, to, timestamp, knownAt),
  kind: "alias"
})

/** Which ids are one person, as sorted groups. */
const groups = (links: ReadonlyArray<Link>) => {
  const persons = personsOf(links, hash)
  return [...Map.groupBy(persons.keys(), (id) => persons.get(id)).values()]
    .map((ids) => ids.toSorted().join(" "))
    .sort()
}

describe("personsOf", () => {
  it("ends chains, diamonds and cycles in one person", () => {
    expect(groups([claim("a", "u1", 1), claim("u1", "u2", 2)])).toEqual(["a u1 u2"])
    expect(
      groups([
        claim("a", "u", 1),
        claim("b", "u", 2),
        alias("a", "c", 3),
        alias("b", "c", 4)
      ])
    ).toEqual(["a b c u"])
    expect(groups([alias("p", "q", 1), alias("q", "p", 2)])).toEqual(["p q"])
    expect(groups([claim("p", "q", 1), claim("q", "p", 2)])).toEqual(["p q"])
  })

  it("gives an anonymous id to its earliest user by event time, then messageId", () => {
    expect(groups([claim("x", "u2", 5, 1), claim("x", "u1", 4, 2)])).toEqual([
      "u1 x",
      "u2"
    ])
    const tie = [claim("x", "ub", 5), claim("x", "ua", 5)]
    expect(groups(tie)).toEqual(["ua x", "ub"])
    expect(groups(tie.toReversed())).toEqual(["ua x", "ub"])
  })

  it("lets an alias weld two users", () => {
    expect(
      groups([claim("x", "u1", 1), claim("x", "u2", 2), alias("u1", "u2", 3)])
    ).toEqual(["u1 u2 x"])
  })

  it("names a person after the smallest hash that belongs to nobody", () => {
    const persons = personsOf([claim("a", "u", 1), claim("b", "u", 2)], hash)
    expect([...new Set(persons.values())]).toEqual([hash("u")])
  })
})

const id = fc.constantFrom("a", "b", "c", "d", "e", "f", "g")
const anyLinks = fc
  .array(
    fc.record({
      kind: fc.constantFrom("claim" as const, "alias" as const),
      from: id,
      to: id,
      timestamp: fc.integer({ min: 1, max: 6 }),
      knownAt: fc.integer({ min: 1, max: 6 })
    }),
    { maxLength: 14 }
  )
  .map(
    (drafts): ReadonlyArray<Link> =>
      drafts
        .filter(({ from, to }) => from !== to)
        .map((draft, i) => ({ ...draft, messageId: `m${i}` }))
  )

/** What the rows say: the newest at or below an instant, later calls winning. */
class Rows {
  readonly #rows: Array<{
    id: string
    person: bigint
    knownAt: number
    version: number
  }> = []
  #version = 0

  write(changes: ReturnType<typeof personChanges>) {
    const version = ++this.#version
    for (const change of changes) this.#rows.push({ ...change, version })
  }

  at(instant: number, of: string): bigint {
    const [newest] = this.#rows
      .filter((row) => row.id === of && row.knownAt <= instant)
      .sort((a, b) => b.knownAt - a.knownAt || b.version - a.version)
    return newest?.person ?? hash(of)
  }
}

describe("personChanges", () => {
  it("says the same at every instant, whatever the arrival order and the batches", () => {
    fc.assert(
      fc.property(anyLinks, fc.infiniteStream(fc.nat()), (links, random) => {
        const next = () => random.next().value as number
        const shuffled = links
          .map((link) => ({ link, at: next() }))
          .sort((a, b) => a.at - b.at)
          .map(({ link }) => link)
        const rows = new Rows()
        const ledger: Array<Link> = []
        while (shuffled.length > 0) {
          const added = shuffled.splice(0, 1 + (next() % 3))
          ledger.push(...added)
          const since = Math.min(...added.map(({ knownAt }) => knownAt))
          rows.write(personChanges(ledger, since, (link) => added.includes(link), hash))
        }
        for (let instant = 0; instant <= 7; instant++) {
          const expected = personsOf(
            links.filter(({ knownAt }) => knownAt <= instant),
            hash
          )
          for (const one of "abcdefg")
            expect(rows.at(instant, one)).toBe(expected.get(one) ?? hash(one))
        }
      }),
      { numRuns: 500 }
    )
  })

  it("says the same though links are undone between and before the others", () => {
    const steps = fc.tuple(anyLinks, fc.infiniteStream(fc.nat()))
    fc.assert(
      fc.property(steps, ([links, random]) => {
        const next = () => random.next().value as number
        const ledger: Array<Link> = []
        const rows = new Rows()
        const waiting = [...links]
        const told = links.map(({ knownAt }) => knownAt)
        while (waiting.length > 0 || next() % 2 === 0) {
          const [link] = waiting.splice(next() % Math.max(1, waiting.length), 1)
          const undone = next() % ledger.length
          const counting = ledger[undone]
          if (next() % 3 === 0 && counting && counting.undoneAt === undefined) {
            const undoneAt = counting.knownAt + 1 + (next() % 5)
            ledger[undone] = { ...counting, undoneAt }
            told.push(undoneAt)
            rows.write(personChanges(ledger, undoneAt, () => false, hash))
          }
          if (link === undefined) continue
          ledger.push(link)
          const isNew = (other: Link) => other === link
          rows.write(personChanges(ledger, link.knownAt, isNew, hash))
        }
        for (const instant of told) {
          const expected = personsOf(
            ledger.filter((link) => countsAt(link, instant)),
            hash
          )
          for (const one of "abcdefg")
            expect(rows.at(instant, one)).toBe(expected.get(one) ?? hash(one))
        }
      }),
      { numRuns: 300 }
    )
  })
})

describe("effectiveClaims", () => {
  it("has every claim that counts at some instant from just before on", () => {
    fc.assert(
      fc.property(anyLinks, fc.integer({ min: 1, max: 7 }), (links, since) => {
        const claims = links
          .filter(({ kind, from }) => kind === "claim" && from === "a")
          // Some are undone, at different instants.
          .map((link, index) =>
            index % 2 === 0
              ? link
              : { ...link, undoneAt: link.knownAt + 1 + (index % 3) }
          )
        const effective = effectiveClaims(claims, since)
        const withoutOthers = (instant: number) =>
          personsOf(
            effective.filter((link) => countsAt(link, instant)),
            hash
          ).get("a") ?? hash("a")
        for (let instant = since - 1; instant <= 7; instant++) {
          const known = claims.filter((link) => countsAt(link, instant))
          expect(withoutOthers(instant)).toBe(
            personsOf(known, hash).get("a") ?? hash("a")
          )
        }
      })
    )
  })
})
