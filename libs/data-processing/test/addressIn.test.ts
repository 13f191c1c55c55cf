import { describe, expect, it } from "bun:test"
import { addressIn } from "../src/addressIn.ts"

describe("the address that a proxy noted", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    [" 203.0.113.7 , 10.0.0.1, 10.0.0.2", "203.0.113.7"],
    ["203.0.113.7:4711, 10.0.0.1", "203.0.113.7"],
    ["2001:db8::1", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["[2001:db8::1]:4711", "2001:db8::1"],
    ["::ffff:203.0.113.7", "::ffff:203.0.113.7"],
    ["unknown", "unknown"],
    ["x".repeat(100), "x".repeat(45)],
    ["", undefined],
    [" , 10.0.0.1", undefined],
    [null, undefined]
  ])("in %j is %j", (header, address) => {
    expect(addressIn(header)).toBe(address)
  })
})
