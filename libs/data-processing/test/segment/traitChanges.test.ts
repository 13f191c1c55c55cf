import { expect, it } from "bun:test"
import type { Json } from "../../src/ExactJson.ts"
import { readEvent } from "../../src/segment/SegmentEvent.ts"

const read = (traits: Json, type: "identify" | "group" = "identify") => {
  const event = { messageId: "m1", userId: "ann", groupId: "acme", traits }
  const facts = {
    projectId: 1,
    receivedAt: Date.UTC(2025, 0, 1),
    maxEventBytes: 1000,
    testMode: false
  }
  const given = readEvent(event, type, facts)
  return "reason" in given ? given.reason : given.d
}

it("traits may be ended by name", () => {
  const ended = { plan: "pro", $unset: { a: true, "b.c": true } }
  expect(read({ plan: "pro", $unset: ["a", "b.c"] })).toEqual(ended)
  expect(read({ plan: "pro", $unset: ["a", "b.c"] }, "group")).toEqual(ended)
  expect(read({ $unset: "a" })).toEqual({ $unset: { a: true } })
  expect(read({ $unset: ["__proto__"] })).toEqual({
    $unset: Object.fromEntries([["__proto__", true]])
  })
})

it("changes are kept as they were sent", () => {
  const changes = {
    $set_once: { source: { of: "ad" } },
    $add: { visits: 1, name: "x" },
    $append: { tags: "a" },
    $unset: { address: { city: true }, plan: false, age: null },
    $clear: false,
    $remove: null,
    $other: 5,
    "$add.x": 5
  }
  expect(read(changes)).toBe(changes)
})

it("a change that would do nothing is refused", () => {
  const refused = (traits: Json) => {
    const reason = read(traits)
    return typeof reason === "string" ? reason.split(" ")[0] : undefined
  }
  expect(refused({ $add: 5 })).toBe("traits.$add")
  expect(refused({ $append: ["a"] })).toBe("traits.$append")
  expect(refused({ $set_once: "a" })).toBe("traits.$set_once")
  expect(refused({ $unset: [1] })).toBe("traits.$unset")
  expect(refused({ $unset: { plan: "-" } })).toBe("traits.$unset")
  expect(refused({ $clear: "yes" })).toBe("traits.$clear")
})
