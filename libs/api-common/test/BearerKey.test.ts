import { describe, expect, it } from "bun:test"
import { Option, Redacted } from "effect"
import { fromAuthorization, hashKey, sameKey } from "../src/BearerKey.ts"

const keyOf = (header: string | null) =>
  Option.getOrUndefined(Option.map(fromAuthorization(header), Redacted.value))

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`

describe("fromAuthorization", () => {
  it.each([
    ["Bearer wk_1", "wk_1"],
    ["bearer  wk_1 ", "wk_1"],
    [basic("wk_1:"), "wk_1"],
    [basic("wk_1:password"), "wk_1"],
    [basic("wk_1"), "wk_1"],
    [basic(":password"), undefined],
    ["Bearer", undefined],
    ["Bearer a b", undefined],
    ["Digest wk_1", undefined],
    ["", undefined],
    [null, undefined]
  ])("reads %p as %p", (header, key) => {
    expect(keyOf(header)).toBe(key)
  })
})

describe("keys", () => {
  it("are stored as hex SHA-256", () => {
    expect(hashKey(Redacted.make("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
  })

  it("are compared whole", () => {
    expect(sameKey(Redacted.make("abc"), Redacted.make("abc"))).toBe(true)
    expect(sameKey(Redacted.make("abc"), Redacted.make("abcd"))).toBe(false)
    expect(sameKey(Redacted.make(""), Redacted.make("abc"))).toBe(false)
  })
})
