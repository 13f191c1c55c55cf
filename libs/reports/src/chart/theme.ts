import type { ChartTheme } from "./ChartOptions.ts"

/** Colours that charts, and pages around them, are drawn with. */
export interface ChartColors {
  /** Behind everything. */
  readonly surface: string
  readonly ink: string
  /** Of labels and notes: at least 4.5 : 1 against `surface`. */
  readonly quiet: string
  readonly grid: string
  readonly axis: string
  /** Behind bars that are a share of a whole. */
  readonly track: string
  readonly good: string
  readonly bad: string
  /** Of anomalies. */
  readonly alarm: string
  /**
   * Of series, in order. Each at least 3 : 1 against `surface`; any two stay apart, as
   * ΔE of OKLab, at 8 or more (light) and 11 or more (dark) for people with normal sight,
   * protanopia, deuteranopia and tritanopia alike: found by a search that began at the
   * colours of Okabe and Ito, which are too pale for thin lines on white.
   */
  readonly series: ReadonlyArray<string>
  /** From little to much, of heat maps. */
  readonly scale: readonly [string, string, string]
}

const light: ChartColors = {
  surface: "#ffffff",
  ink: "#1b1f27",
  quiet: "#5b6270",
  grid: "#e6e8ec",
  axis: "#7c8492",
  track: "#f1f3f6",
  good: "#0b6e4f",
  bad: "#b42318",
  alarm: "#b42318",
  series: [
    "#0652db",
    "#eb4d53",
    "#00945a",
    "#b66f9f",
    "#915b03",
    "#248ef4",
    "#592da6",
    "#645f7e"
  ],
  scale: ["#eef4fd", "#6ea1ee", "#06318a"]
}

const dark: ChartColors = {
  surface: "#15181e",
  ink: "#eceef2",
  quiet: "#a6adba",
  grid: "#2a2f39",
  axis: "#6b7382",
  track: "#242933",
  good: "#4fd1a1",
  bad: "#ff8a7a",
  alarm: "#ff8a7a",
  series: [
    "#5fa6d0",
    "#eea612",
    "#1bd99d",
    "#d26f85",
    "#f4e549",
    "#b9f4fb",
    "#9873fb",
    "#bec2fa"
  ],
  scale: ["#1d2530", "#2f6fae", "#b5e0ff"]
}

/** Paper: as in the light, with darker text and lines that survive copying. */
const print: ChartColors = {
  ...light,
  ink: "#000000",
  quiet: "#444a55",
  grid: "#dcdfe4",
  axis: "#6b7382"
}

export const chartColors = (theme: ChartTheme): ChartColors =>
  theme === "dark" ? dark : theme === "print" ? print : light

/** Dash patterns; the first is solid. */
export const dashes: ReadonlyArray<ReadonlyArray<number>> = [
  [],
  [6, 3],
  [2, 2.5],
  [9, 3, 2, 3],
  [12, 4],
  [4, 2, 1, 2, 1, 2]
]

/** Ways to fill an area, told apart without colour; `plain` has no pattern. */
export const hatches = ["plain", "up", "down", "dots", "across"] as const
export type Hatch = (typeof hatches)[number]

export interface SeriesStyle {
  readonly color: string
  readonly dash: ReadonlyArray<number>
  readonly hatch: Hatch
}

/**
 * How the n-th series looks. On screens the first eight differ by colour and the next ones
 * by pattern too; on paper every neighbour differs by pattern, so that grey is enough.
 */
export const seriesStyle = (theme: ChartTheme, index: number): SeriesStyle => {
  const { series } = chartColors(theme)
  const round = Math.floor(index / series.length)
  // Three on in each round: in neither order does a pattern return with its colour.
  const turn = theme === "print" ? index + 3 * round : round
  return {
    color: series[index % series.length] ?? "#000000",
    dash: dashes[turn % dashes.length] ?? [],
    hatch: hatches[turn % hatches.length] ?? "plain"
  }
}

const channels = (color: string): ReadonlyArray<number> =>
  [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))

const hex = (values: ReadonlyArray<number>): string =>
  `#${values.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`

/** `share` of `b`, the rest `a`. */
export const mix = (a: string, b: string, share: number): string => {
  const to = channels(b)
  return hex(channels(a).map((from, at) => from + ((to[at] ?? 0) - from) * share))
}

/** The colour of a share between 0 and 1 in a heat map. */
export const scaleColor = (theme: ChartTheme, share: number): string => {
  const [low, middle, high] = chartColors(theme).scale
  const at = Math.min(1, Math.max(0, share))
  return at < 0.5 ? mix(low, middle, at * 2) : mix(middle, high, at * 2 - 1)
}

const linear = (value: number): number =>
  value <= 10.31475 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4

/** WCAG's contrast of two colours, from 1 to 21. */
export const contrast = (a: string, b: string): number => {
  const [light, dark] = [a, b]
    .map((color) => {
      const [red = 0, green = 0, blue = 0] = channels(color).map(linear)
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    })
    .toSorted((left, right) => right - left)
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05)
}

/** Of black and white, what is better read on a colour: never below 4.5 : 1. */
export const inkOn = (color: string): string =>
  contrast(color, "#ffffff") >= contrast(color, "#000000") ? "#ffffff" : "#000000"

/** The colour of the period before: as much paler as still is 3 : 1 against `surface`. */
export const faint = (color: string, surface: string): string => {
  const paler = [0.45, 0.35, 0.25, 0.15].map((share) => mix(color, surface, share))
  return paler.find((one) => contrast(one, surface) >= 3) ?? color
}
