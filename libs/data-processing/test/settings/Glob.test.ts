import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { globMatches } from "../../src/settings/Glob.ts"

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
          expect(globMatches(glob, text)).toBe(reference(glob).test(text))
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
    expect(globMatches(glob, text)).toBe(expected)
  )

  it("takes no time for hostile texts", () => {
    const glob = "*a".repeat(90)
    const text = "a".repeat(2000)
    for (let i = 0; i < 20; i++) globMatches(`**${glob}b`, text)
    expect(globMatches(`**${glob}b`, text)).toBe(false)
  })
})
