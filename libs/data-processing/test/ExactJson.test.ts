import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { faultOf, isRawNumber, parse } from "../src/ExactJson.ts"

describe("ExactJson", () => {
  it("keeps every digit of a 64-bit integer", () => {
    const text =
      '{"a":9007199254740993,"b":[-9223372036854775808,18446744073709551615],"c":1.5}'
    expect(JSON.stringify(parse(text))).toBe(text)
    expect(faultOf(parse(text))).toBeUndefined()
  })

  it("leaves digits inside strings and keys alone", () => {
    const text = '{"1234567890123456789":"12345678901234567890 \\" 1e999","n":1}'
    expect(parse(text)).toEqual(JSON.parse(text))
  })

  it.each(["18446744073709551616", "-9223372036854775809", "1e400", "-1E+999"])(
    "finds %s out of range and keeps its text",
    (source) => {
      const value = parse(`{"x":[${source}]}`)
      expect(faultOf(value)).toBe("number_out_of_range")
      expect(JSON.stringify(value)).toBe(`{"x":[${source}]}`)
      expect(isRawNumber(parse(source))).toBe(true)
    }
  )

  it("allows 32 levels and no more", () => {
    const nested = (levels: number) => parse("[".repeat(levels) + "]".repeat(levels))
    expect(faultOf(nested(32))).toBeUndefined()
    expect(faultOf(nested(33))).toBe("nesting_too_deep")
  })

  it("survives a megabyte of brackets, closed or not, with large numbers inside", () => {
    const half = "[".repeat(500_000)
    expect(() => parse(half + half)).toThrow(SyntaxError)
    const deep = parse(`${half}12345678901234567890${"]".repeat(500_000)}`)
    expect(faultOf(deep)).toBe("nesting_too_deep")
  })

  it("does not take an object of a client for a number", () => {
    expect(isRawNumber(parse('{"rawJSON":"1e400"}'))).toBe(false)
    const own = parse('{"__proto__":12345678901234567890}')
    expect(JSON.stringify(own)).toBe('{"__proto__":12345678901234567890}')
  })

  it("reads whatever JSON.parse reads, and writes it back", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.parse(JSON.stringify(parse(text)))).toEqual(JSON.parse(text))
      })
    )
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (integer) => {
        expect(JSON.stringify(parse(`[${integer}, "${integer}"]`))).toBe(
          `[${integer},"${integer}"]`
        )
        expect(faultOf(parse(`[${integer}]`))).toBeUndefined()
      })
    )
  })
})
