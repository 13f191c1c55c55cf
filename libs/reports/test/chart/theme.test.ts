import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { ChartTheme } from "../../src/chart/ChartOptions.ts"
import {
  chartColors,
  contrast,
  faint,
  inkOn,
  mix,
  scaleColor,
  seriesStyle
} from "../../src/chart/theme.ts"
import { difference, sights } from "../support/colorVision.ts"

const themes: ReadonlyArray<ChartTheme> = ["light", "dark", "print"]

/** Names of the pairs that are closer than `least`. */
const below = (least: number, pairs: Record<string, number>) =>
  Object.entries(pairs).flatMap(([name, value]) =>
    value < least ? [`${name}: ${value.toFixed(2)}`] : []
  )

test("contrast is that of WCAG", () => {
  expect(contrast("#000000", "#ffffff")).toBe(21)
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.478, 3)
  expect(contrast("#ffffff", "#0000ff")).toBeCloseTo(8.592, 3)
})

for (const theme of themes)
  describe(`the ${theme} theme`, () => {
    const colors = chartColors(theme)
    const { surface, track, ink, quiet, good, bad, alarm, axis, series } = colors

    test("has texts of at least 4.5 : 1", () => {
      const bands = [...series, axis].map((color) => [
        `ink on a band of ${color}`,
        contrast(ink, mix(surface, color, 0.3))
      ])
      expect(
        below(4.5, {
          ink: contrast(ink, surface),
          quiet: contrast(quiet, surface),
          good: contrast(good, surface),
          bad: contrast(bad, surface),
          "quiet on a track": contrast(quiet, track),
          ...Object.fromEntries(bands)
        })
      ).toEqual([])
    })

    test("has marks of at least 3 : 1", () => {
      const marks = series.flatMap((color) => [
        [color, contrast(color, surface)],
        [`${color} on a track`, contrast(color, track)],
        [`${color} before`, contrast(faint(color, surface), surface)]
      ])
      expect(
        below(3, {
          axis: contrast(axis, surface),
          alarm: contrast(alarm, surface),
          ...Object.fromEntries(marks)
        })
      ).toEqual([])
    })

    test("has numbers of at least 4.5 : 1 in every cell of a heat map", () => {
      const cells = Array.from({ length: 201 }, (_, at) => scaleColor(theme, at / 200))
      const pairs = cells.map((cell) => [cell, contrast(inkOn(cell), cell)])
      expect(below(4.5, Object.fromEntries(pairs))).toEqual([])
      const shades = cells.map((cell) => contrast(cell, surface))
      expect(shades).toEqual(shades.toSorted((a, b) => a - b))
    })

    test("has colours that everybody can tell apart", () => {
      const least = theme === "dark" ? 11 : 8
      for (const by of sights) {
        const pairs = series.flatMap((a, at) =>
          series.slice(at + 1).map((b) => [`${a} ${b}`, difference(a, b, by)])
        )
        expect({ by, close: below(least, Object.fromEntries(pairs)) }).toEqual({
          by,
          close: []
        })
      }
    })
  })

test("no two of the first thirty series look the same, of lines and of areas", () => {
  for (const theme of themes) {
    const looks = Array.from({ length: 30 }, (_, at) => seriesStyle(theme, at))
    for (const trait of ["dash", "hatch"] as const)
      expect(new Set(looks.map((look) => `${look.color} ${look[trait]}`)).size).toBe(30)
  }
})

test("on paper neighbours differ by pattern, so that a copy in grey can be read", () => {
  const looks = Array.from({ length: 30 }, (_, at) => seriesStyle("print", at))
  for (const [at, look] of looks.entries()) {
    const next = looks[at + 1]
    expect(next?.hatch).not.toBe(look.hatch)
    expect(next?.dash).not.toEqual(look.dash)
  }
})

test("black or white can be read on any colour", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xff_ff_ff }), (value) => {
      const color = `#${value.toString(16).padStart(6, "0")}`
      expect(contrast(inkOn(color), color)).toBeGreaterThanOrEqual(4.5)
    })
  )
})
