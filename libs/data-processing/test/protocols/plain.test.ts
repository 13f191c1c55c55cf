import { describe, expect, it } from "bun:test"
import { messageIdOf, traitsOf } from "../../src/protocols/plain.ts"

describe("traitsOf", () => {
  it("puts each change under its name, lists as lists", () => {
    expect(
      traitsOf({
        set: { plan: "pro" },
        setOnce: { first: 1 },
        append: { tags: "a" },
        unset: ["old"],
        clear: true
      })
    ).toEqual({
      plan: "pro",
      $set_once: { first: 1 },
      $append: { tags: ["a"] },
      $unset: { old: true },
      $clear: true
    })
  })

  it("takes a vendor's trait that is called like a change of ours for a trait", () => {
    expect(traitsOf({ set: { $add: 5, $clear: true, n: 1 }, add: { n: 2 } })).toEqual({
      _$add: 5,
      _$clear: true,
      n: 1,
      $add: { n: 2 }
    })
  })
})

describe("messageIdOf", () => {
  it("keeps what is short and names what is long, with its suffix", () => {
    expect(messageIdOf("a", "$set")).toBe("a$set")
    const long = messageIdOf("x".repeat(200), "$set")
    expect(long).toBe(messageIdOf("x".repeat(200), "$set"))
    expect(long).toMatch(/^[0-9a-f]{40}\$set$/)
    expect(messageIdOf("a\0b")).not.toContain("\0")
  })
})
