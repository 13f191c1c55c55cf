import { describe, expect, it } from "bun:test"
import { BlockList, isIP } from "node:net"
import fc from "fast-check"
import {
  inRange,
  parseIp,
  parseRange,
  truncateIp
} from "../../src/settings/IpAddress.ts"

const anyIp = fc.oneof(fc.ipV4(), fc.ipV6())

describe("addresses", () => {
  it("are what the system calls addresses", () => {
    fc.assert(
      fc.property(anyIp, (text) => {
        expect(parseIp(text)?.version === undefined).toBe(isIP(text) === 0)
      })
    )
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom("0", "1", "25", "256", "a", "f", ":", "::", ".", "g"),
          maxLength: 12
        }),
        (text) => expect(parseIp(text) === undefined).toBe(isIP(text) === 0)
      ),
      { numRuns: 2000 }
    )
    for (const odd of [
      "",
      " 1.2.3.4",
      "1.2.3",
      "01.2.3.4",
      "fe80::1%eth0",
      "1.2.3.4:80"
    ])
      expect(parseIp(odd)).toBeUndefined()
  })

  it("lie in the ranges in which the system finds them", () => {
    fc.assert(
      fc.property(
        fc.ipV4(),
        fc.ipV4(),
        fc.integer({ min: 0, max: 32 }),
        (ip, net, bits) => {
          const list = new BlockList()
          list.addSubnet(net, bits, "ipv4")
          const parsed = parseIp(ip)
          const range = parseRange(`${net}/${bits}`)
          expect(parsed && range && inRange(parsed, range)).toBe(list.check(ip, "ipv4"))
        }
      )
    )
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 0, max: 128 }), (ip, bits) => {
        const parsed = parseIp(ip)
        const range = parseRange(`${ip}/${bits}`)
        expect(parsed && range && inRange(parsed, range)).toBe(true)
      })
    )
  })

  it.each([
    ["203.0.113.77", 24, "203.0.113.0"],
    ["::ffff:203.0.113.77", 24, "203.0.113.0"],
    ["2001:db8:7:1:2:3:4:5", 48, "2001:db8:7::"],
    ["2001:0db8:0:0:ab::1", 48, "2001:db8::"],
    ["1:0:3::", 48, "1:0:3::"],
    ["::1", 48, "::"]
  ])("truncate %s to %i bits", (ip, bits, expected) => {
    const parsed = parseIp(ip)
    expect(parsed && truncateIp(parsed, bits)).toBe(expected)
  })

  it("keep what truncation leaves, and nothing else", () => {
    fc.assert(
      fc.property(anyIp, (text) => {
        const ip = parseIp(text)
        if (ip === undefined) throw new Error(text)
        const bits = ip.version === 4 ? 24 : 48
        const kept = parseIp(truncateIp(ip, bits))
        const range = parseRange(`${truncateIp(ip, bits)}/${bits}`)
        expect(kept && range && inRange(ip, range) && inRange(kept, range)).toBe(true)
        expect(kept && truncateIp(kept, bits)).toBe(truncateIp(ip, bits))
      })
    )
  })

  it.each(["10.0.0.0/33", "2001:db8::/129", "10.0.0.0/", "10/8", "x/8", "1.2.3.4/8/8"])(
    "refuse the range %s",
    (text) => expect(parseRange(text)).toBeUndefined()
  )
})
