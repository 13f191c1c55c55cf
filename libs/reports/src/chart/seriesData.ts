import type { SeriesChart } from "../Chart.ts"
import { chartLabel } from "./fitText.ts"

export type Points = ReadonlyArray<number | null>

/** A series as it is drawn. */
export interface DrawnSeries {
  readonly name: string
  readonly role: "main" | "compare" | "forecast"
  /** Position among those of its role: the n-th comparison is drawn like the n-th series. */
  readonly style: number
  readonly points: Points
  readonly lower: Points | undefined
  readonly upper: Points | undefined
}

export interface SeriesData {
  readonly series: ReadonlyArray<DrawnSeries>
  /** Series left out of the picture. */
  readonly hidden: number
  /** What points were multiplied with so that sums of them stay finite. */
  readonly factor: number
}

/** More lines than anybody can tell apart; the table has all. */
export const mostSeries = 32

/** Series as long as `count`, in which what is not finite is no value. */
export const seriesData = (chart: SeriesChart, count: number): SeriesData => {
  const shown = chart.series.slice(0, mostSeries)
  let largest = 0
  for (const { data, lower, upper } of shown)
    for (const values of [data, lower ?? [], upper ?? []])
      for (const value of values)
        if (value !== null && Number.isFinite(value))
          largest = Math.max(largest, Math.abs(value))
  const factor = largest > 1e290 ? 1e-30 : 1
  const points = (values: Points): Points =>
    Array.from({ length: count }, (_, at) => {
      const value = values[at] ?? null
      return value === null || !Number.isFinite(value) ? null : value * factor
    })
  const next = { main: 0, compare: 0, forecast: 0 }
  return {
    factor,
    hidden: chart.series.length - shown.length,
    series: shown.map(({ name, data, lower, upper, ...series }) => {
      const role: DrawnSeries["role"] = series.role ?? "main"
      return {
        name: chartLabel(name),
        role,
        style: next[role]++,
        points: points(data),
        lower: lower === undefined ? undefined : points(lower),
        upper: upper === undefined ? undefined : points(upper)
      }
    })
  }
}

/** One band of a stack at one label. */
export interface StackPiece {
  readonly at: number
  readonly from: number
  readonly to: number
}

/** What each series adds on top of those before it; what is below 0 goes downwards. */
export const stackOf = (
  series: ReadonlyArray<DrawnSeries>
): ReadonlyArray<ReadonlyArray<StackPiece>> => {
  const up: Array<number> = []
  const down: Array<number> = []
  return series.map(({ points }) =>
    points.map((value, at) => {
      const side = (value ?? 0) < 0 ? down : up
      const from = side[at] ?? 0
      const to = from + (value ?? 0)
      side[at] = to
      return { at, from, to }
    })
  )
}

/** Lowest and highest of everything that is drawn; undefined when nothing is. */
export const extentOf = (
  { series }: SeriesData,
  stacked: boolean
): readonly [number, number] | undefined => {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  const see = (value: number | null) => {
    if (value === null) return
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  for (const { points, lower, upper } of series) {
    points.forEach(see)
    lower?.forEach(see)
    upper?.forEach(see)
  }
  if (low > high) return undefined
  if (stacked)
    for (const pieces of stackOf(series.filter(({ role }) => role === "main")))
      for (const { to } of pieces) see(to)
  return [low, high]
}
