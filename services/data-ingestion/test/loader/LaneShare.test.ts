import { describe, expect, it } from "bun:test"
import { LaneShare, PLENTY_BYTES } from "../../src/loader/LaneShare.ts"

const MiB = 1024 * 1024
const both = { live: true, bulk: true }

/** What each lane cost after `turns` batches in which both lanes always wait. */
const run = (turns: number, liveBytes: number) => {
  const share = new LaneShare()
  const sum = { live: 0, bulk: 0 }
  for (let turn = 0; turn < turns; turn++) {
    const next = share.next(both, 64 * MiB)
    if (next === undefined) throw new Error("nobody's turn")
    const bytes = next.lane === "live" ? Math.min(liveBytes, next.bytes) : next.bytes
    share.record(next.lane, bytes)
    sum[next.lane] += Math.max(bytes, PLENTY_BYTES)
  }
  return sum
}

describe("LaneShare", () => {
  it.each([64 * MiB, 5 * MiB, 100_000, 1])(
    "gives bulk at most 30 percent while live rows of %d bytes wait, and not much less",
    (liveBytes) => {
      const { live, bulk } = run(2_000, liveBytes)
      expect(bulk / (live + bulk)).toBeLessThanOrEqual(0.3)
      expect(bulk / (live + bulk)).toBeGreaterThan(0.25)
    }
  )

  it("gives everything to the lane that waits alone", () => {
    const share = new LaneShare()
    expect(share.next({ live: false, bulk: true }, 7)).toEqual({
      lane: "bulk",
      bytes: 7
    })
    expect(share.next({ live: true, bulk: false }, 7)).toEqual({
      lane: "live",
      bytes: 7
    })
    expect(share.next({ live: false, bulk: false }, 7)).toBeUndefined()
  })
})
