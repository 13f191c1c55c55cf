import { expect, test } from "bun:test"
import { contrast } from "../../src/chart/theme.ts"
import { style } from "../../src/email/emailStyle.ts"
import { pageStyle } from "../../src/html/pageStyle.ts"

const long = (color: string): string =>
  color.length === 4 ? color.replaceAll(/[\da-f]/gu, "$&$&") : color

/** The colours that a `:root{…}` sets. */
const variables = (css: string): ReadonlyMap<string, string> =>
  new Map(
    [...css.matchAll(/--([a-z-]+):(#[\da-f]{3,6})/gu)].map(
      ([, name = "", color = ""]) => [name, long(color)] as const
    )
  )

const roots = [...pageStyle.matchAll(/:root\{([^}]*)\}/gu)].map(([, css = ""]) =>
  variables(css)
)
const [light = new Map<string, string>(), dark, print] = roots

test("every text of a page has a contrast of at least 4.5 on what is behind it", () => {
  expect(roots.length).toBe(3)
  for (const overrides of [new Map<string, string>(), dark, print]) {
    const colors = new Map([...light, ...(overrides ?? [])])
    const color = (name: string) => colors.get(name) ?? `no ${name}`
    const pairs = [
      ...["text", "soft", "accent", "good", "bad"].flatMap((ink) => [
        [ink, "card"],
        [ink, "ground"]
      ]),
      ["text", "faint"],
      ["soft", "faint"],
      ["card", "accent"],
      ["warn-text", "warn"]
    ]
    for (const [ink = "", ground = ""] of pairs) {
      const found = contrast(color(ink), color(ground))
      expect({ ink, ground, enough: found >= 4.5 }).toEqual({
        ink,
        ground,
        enough: true
      })
    }
  }
})

test("a page has a bright, a dark and a paper form, and one drawing of a chart in each", () => {
  expect(pageStyle).toContain("color-scheme:light dark")
  const paper = pageStyle.slice(pageStyle.indexOf("@media print"))
  expect(paper).toContain(".only-light{display:block!important}")
  expect(paper).toContain(".only-dark{display:none!important}")
  expect(paper).toContain("thead{display:table-header-group}")
  expect(pageStyle).not.toMatch(/@import|url\(|expression|</u)
})

test("every text of a mail has a contrast of at least 4.5", () => {
  const grounds = ["#ffffff", "#f6f7f9"]
  for (const [name, css] of Object.entries(style)) {
    const ink = /(?<![a-z-])color:(#[\da-f]{6})/u.exec(css)?.[1]
    const own = /background:(#[\da-f]{6})/u.exec(css)?.[1]
    if (ink === undefined) continue
    for (const ground of own === undefined ? grounds : [own])
      expect({ name, enough: contrast(ink, ground) >= 4.5 }).toEqual({
        name,
        enough: true
      })
  }
})
