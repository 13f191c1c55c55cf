import { expect, it } from "bun:test"
import fc from "fast-check"
import { championBefore } from "../../src/registry/championBefore.ts"

it("goes back through what was promoted, one by one, whatever was gone back before", () => {
  const step = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant("back" as const))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const past: Array<number> = []
      const moves: Array<{ action: string; from: number | null }> = []
      for (const to of steps) {
        const from = past.at(-1) ?? null
        const before = past.at(-2) ?? null
        expect(from === null ? null : championBefore(moves)).toBe(before)
        if (to === "back") {
          if (before === null) continue
          past.pop()
          moves.unshift({ action: "alias.rolled_back", from })
        } else if (to !== from) {
          past.push(to)
          moves.unshift({ action: "alias.set", from })
        }
      }
    })
  )
})
