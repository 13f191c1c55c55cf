import { describe, expect, it } from "bun:test"
import { nestsDeeperThan } from "../src/nestsDeeperThan.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

describe("nestsDeeperThan", () => {
  it.each([
    [0, "1"],
    [0, '"[[{{"'],
    [1, "[]"],
    [1, '["\\"[[", "\\\\"]'],
    [1, '{"[\\\\\\"{": "ü]"}'],
    [2, '[{"a": 1}, {}, []]'],
    [3, '[1, {"]]": ["{"]}, [[]]]']
  ])("tells that %d levels are in %s", (depth, json) => {
    expect(nestsDeeperThan(bytes(json), depth)).toBe(false)
    if (depth > 0) expect(nestsDeeperThan(bytes(json), depth - 1)).toBe(true)
  })

  it("ends with text that is broken", () => {
    for (const text of ['"', "\\", '"\\', "]]]", "[".repeat(1_000_000)])
      expect(nestsDeeperThan(bytes(text), 10)).toBe(text.startsWith("["))
  })
})
