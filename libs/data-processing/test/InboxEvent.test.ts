import { describe, expect, it } from "bun:test"
import { parse } from "../src/ExactJson.ts"
import {
  decodeFrame,
  encodeFrame,
  encodeLine,
  type InboxEvent
} from "../src/InboxEvent.ts"
import { timeOf, uniqueId } from "../src/UniqueId.ts"

describe("InboxEvent", () => {
  it("passes through a frame unchanged, large integers and line breaks included", () => {
    const d = parse('{"n":9223372036854775807,"text":"a\\n\\nDROP TABLE b"}')
    const event = { p: 1, m: "m", t: 1, r: 2, y: "track", e: "a\nb", d } as InboxEvent
    const lines = [encodeLine(event), encodeLine({ ...event, m: "other" })]
    const [first, second] = decodeFrame(encodeFrame(lines))
    expect(second?.m).toBe("other")
    expect(first && encodeLine(first)).toBe(encodeLine(event))
  })
})

describe("UniqueId", () => {
  it("grows, never repeats within a millisecond, and knows its time", () => {
    const now = Date.now() + 60_000
    const ids = Array.from({ length: 10_000 }, () => uniqueId(now))
    expect(new Set(ids).size).toBe(10_000)
    expect(ids.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(ids)
    expect(timeOf(ids[0] ?? 0n)).toBe(now)
    expect(BigInt.asIntN(64, ids[0] ?? 0n)).toBe(ids[0] ?? 1n)
  })
})
