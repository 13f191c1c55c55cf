import { describe, expect, it } from "bun:test"
import { HashTable } from "../src/HashTable.ts"
import { ScalableBloom } from "../src/ScalableBloom.ts"

const hashes = (count: number): Uint32Array<ArrayBuffer> => {
  const words = new Uint32Array(count * 4)
  for (let at = 0; at < words.length; at += 16_384)
    crypto.getRandomValues(words.subarray(at, at + 16_384))
  return words
}

describe("HashTable", () => {
  it("holds what was added, in order, and nothing else", () => {
    const words = hashes(20_000)
    const table = new HashTable(4)
    for (let from = 0; from < 40_000; from += 4) {
      expect(table.add(words, from)).toBe(true)
      expect(table.add(words, from)).toBe(false)
    }
    expect(table.size).toBe(10_000)
    expect(table.words).toEqual(words.subarray(0, 40_000))
    for (let from = 0; from < words.length; from += 4)
      expect(table.has(words, from)).toBe(from < 40_000)
  })
})

describe("ScalableBloom", () => {
  it("forgets nothing while it grows, and is seldom wrong", () => {
    const filter = new ScalableBloom(4_000)
    const known = hashes(100_000)
    for (let from = 0; from < known.length; from += 4) filter.add(known, from)
    for (let from = 0; from < known.length; from += 4)
      if (!filter.mayHave(known, from)) throw new Error(`forgot ${from}`)
    const others = hashes(100_000)
    let wrong = 0
    for (let from = 0; from < others.length; from += 4)
      if (filter.mayHave(others, from)) wrong++
    expect(wrong / 100_000).toBeLessThan(0.02)
  })
})
