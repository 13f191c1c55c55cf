import { expect, it } from "bun:test"
import { networkOf } from "../../src/receive/networkOf.ts"

const of = (forwarded: string | undefined, address?: string) =>
  networkOf(
    new Headers(forwarded === undefined ? {} : { "x-forwarded-for": forwarded }),
    address
  )

it("is the connection's, or what the nearest proxy says", () => {
  expect(of(undefined, "203.0.113.7")).toBe("203.0.113.7")
  // A sender puts whatever it likes in front.
  expect(of("198.51.100.1, 203.0.113.7", "10.0.0.1")).toBe("203.0.113.7")
  expect(of("203.0.113.7:49152")).toBe("203.0.113.7")
  expect(of("[2001:db8:1:2::1]:49152")).toBe("[2001:db8:1:2")
  expect(of("", "10.0.0.1")).toBe("10.0.0.1")
  expect(of(undefined)).toBe("")
})

it("is the network that a provider hands out", () => {
  expect(of(undefined, "2001:db8:1:2:aaaa:bbbb:cccc:dddd")).toBe("2001:db8:1:2")
  expect(of(undefined, "2001:db8:1:2::1")).toBe("2001:db8:1:2")
  expect(of(undefined, "::ffff:203.0.113.7")).toBe("::ffff:203.0.113.7")
})
