import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { shareOf } from "../../src/loader/LoaderPool.ts"
import { spread } from "../../src/shards/spread.ts"

const moved = (map: ReadonlyArray<number>, count: number): ReadonlyArray<number> => {
  const next = [...map]
  for (const { from, to, virtualShard } of spread(map, count)) {
    expect(next[virtualShard]).toBe(from)
    next[virtualShard] = to
  }
  return next
}

const countsOf = (map: ReadonlyArray<number>, count: number) =>
  Array.from({ length: count }, (_, shard) => map.filter((it) => it === shard).length)

describe("spread", () => {
  it("gives all shards equal shares and moves no more than it must", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 64, maxLength: 64 }),
        fc.integer({ min: 1, max: 10 }),
        (map, count) => {
          const counts = countsOf(moved(map, count), count)
          expect(counts.reduce((sum, each) => sum + each, 0)).toBe(64)
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
          const most = Math.ceil(64 / count)
          const before = countsOf(map, count)
          const least = before
            .toSorted((a, b) => b - a)
            .reduce((sum, held, rank) => {
              const room = Math.floor(64 / count) + (rank < 64 % count ? 1 : 0)
              return sum + Math.min(held, room, most)
            }, 0)
          expect(spread(map, count).length).toBe(64 - least)
        }
      )
    )
  })

  it("does nothing twice", () => {
    const map = moved(Array(64).fill(0), 4)
    expect(countsOf(map, 4)).toEqual([16, 16, 16, 16])
    expect(spread(map, 4)).toEqual([])
  })
})

it("shares among processes add up", () => {
  for (let shards = 0; shards < 20; shards++)
    for (let processes = 1; processes < 8; processes++) {
      const shares = Array.from({ length: processes }, (_, rank) =>
        shareOf(shards, processes, rank)
      )
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(shards)
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
    }
})
