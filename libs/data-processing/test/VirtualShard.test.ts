import { expect, it } from "bun:test"
import { IdHash } from "../src/IdHash.ts"
import { ScalableBloom } from "../src/ScalableBloom.ts"
import { VIRTUAL_SHARDS, virtualShard } from "../src/VirtualShard.ts"

const idHash = new IdHash(Uint8Array.from({ length: 16 }, (_, at) => at))

it("never moves a message", () => {
  expect(virtualShard(idHash.messageWords(1, "m1"))).toBe(19)
  expect(virtualShard(idHash.messageWords(4_294_967_295, "Ünï-😀"))).toBe(48)
})

it("spreads messages and projects evenly", () => {
  const counts = new Array<number>(VIRTUAL_SHARDS).fill(0)
  for (let n = 0; n < 64_000; n++) {
    const shard = virtualShard(idHash.messageWords(n % 7, `order-${n}`))
    counts[shard] = (counts[shard] ?? 0) + 1
  }
  expect(Math.min(...counts)).toBeGreaterThan(800)
  expect(Math.max(...counts)).toBeLessThan(1200)
})

it("leaves the filter as sure of one virtual shard as of all", () => {
  const filter = new ScalableBloom(4_000)
  const others: Array<Uint32Array> = []
  for (let n = 0, held = 0; others.length < 4_000; n++) {
    const words = idHash.messageWords(1, `m${n}`)
    if (virtualShard(words) !== 5) continue
    if (held++ < 4_000) filter.add(words)
    else others.push(words.slice())
  }
  const wrong = others.filter((words) => filter.mayHave(words)).length
  expect(wrong / others.length).toBeLessThan(0.0027)
})
