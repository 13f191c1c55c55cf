import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { globOf } from "../../src/settings/Glob.ts"

/** What the stars mean, written down as a regular expression. */
const reference = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .split(/(\*\*|\*)/u)
      .map((part) =>
        part === "**"
          ? "[^]*"
          : part === "*"
            ? "[^/]*"
            : part.replaceAll(/[\\^$.|?+()[\]{}/-]/gu, "\\$&")
      )
      .join("")}$`,
    "u"
  )

describe("globs", () => {
  it("match what their stars stand for", () => {
    const piece = fc.constantFrom("a", "b", "/", "*", "**", "ab", ".")
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 7 }),
        fc.string({ unit: fc.constantFrom("a", "b", "/", "."), maxLength: 9 }),
        (pieces, text) => {
          // Three stars in a row have no meaning of their own.
          const glob = pieces.join("").replaceAll(/\*{3,}/gu, "**")
          expect(globOf(glob)(text)).toBe(reference(glob).test(text))
        }
      ),
      { numRuns: 5000 }
    )
  })

  it.each([
    ["/admin/**", "/admin/users/7", true],
    ["/admin/**", "/administrator", false],
    ["/users/*/edit", "/users/7/edit", true],
    ["/users/*/edit", "/users/7/8/edit", false],
    ["*.example.com", "a.b.example.com", true],
    ["*.example.com", "example.com", false]
  ])("%s and %s: %p", (glob, text, expected) =>
    expect(globOf(glob)(text)).toBe(expected)
  )

  it("reads long globs, whose places take several words", () => {
    const long = "abcdefghij".repeat(15)
    for (let length = 25; length <= long.length; length++) {
      const part = long.slice(0, length)
      expect(globOf(`${part}*x`)(`${part}yyx`)).toBe(true)
      expect(globOf(`**${part}`)(`${part}/${part}`)).toBe(true)
      expect(globOf(`*${part}`)(`${part}/${part}`)).toBe(false)
      expect(globOf(part)(`${part}a`)).toBe(false)
      expect(globOf(part)(part.slice(1))).toBe(false)
    }
  })

  it.each([
    ["*a".repeat(90), "a".repeat(2000)],
    [`**a*${"a".repeat(100)}b`, `${"a".repeat(900)}/`.repeat(2)],
    [`**${"a".repeat(99)}*${"a".repeat(90)}b`, `${"a".repeat(300)}/`.repeat(6)]
  ])("takes no time for hostile texts", (glob, text) => {
    const matches = globOf(`${glob}b`)
    // Going back and forth, one of them took 0.2 s; these would be minutes.
    for (let i = 0; i < 1000; i++) matches(text)
    expect(matches(text)).toBe(false)
  })
})
