import { expect, it } from "bun:test"
import { VIRTUAL_SHARDS, virtualShard } from "../src/VirtualShard.ts"

it("never moves a message", () => {
  expect(virtualShard(1, "m1")).toBe(7)
  expect(virtualShard(4_294_967_295, "Ünï-😀")).toBe(58)
})

it("spreads messages and projects evenly", () => {
  const counts = new Array<number>(VIRTUAL_SHARDS).fill(0)
  for (let n = 0; n < 64_000; n++) {
    const shard = virtualShard(n % 7, `order-${n}`)
    counts[shard] = (counts[shard] ?? 0) + 1
  }
  expect(Math.min(...counts)).toBeGreaterThan(800)
  expect(Math.max(...counts)).toBeLessThan(1200)
})
