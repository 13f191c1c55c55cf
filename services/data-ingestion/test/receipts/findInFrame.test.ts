import { describe, expect, it } from "bun:test"
import {
  encodeFrame,
  encodeLine,
  type InboxEvent
} from "@analytics/data-processing/InboxEvent"
import { findInFrame } from "../../src/receipts/findInFrame.ts"

const event = (m: string, more: Partial<InboxEvent> = {}): InboxEvent => ({
  p: 1,
  m,
  t: 0,
  r: 0,
  y: "track",
  e: "e",
  u: "u",
  ...more
})
const frame = (...events: ReadonlyArray<InboxEvent>) =>
  encodeFrame(events.map(encodeLine))

describe("findInFrame", () => {
  it("finds the first line, the last and those between, whatever is in the id", () => {
    const ids = ["a", 'quote " and \\', "ü 💥\n", "z"]
    const all = frame(...ids.map((id) => event(id)))
    for (const id of ids) expect(findInFrame(all, 1, id)).toEqual(event(id))
    for (const id of ["", "b", "quote", "n"])
      expect(findInFrame(all, 1, id)).toBeUndefined()
  })

  it("takes neither another project's message nor one that only speaks of it", () => {
    const other = event("x", { p: 2 })
    const quoting = event("y", { d: { m: "x" } })
    expect(findInFrame(frame(other, quoting), 1, "x")).toBeUndefined()
    const own = event("x", { e: "mine" })
    expect(findInFrame(frame(other, quoting, own), 1, "x")).toEqual(own)
  })
})
